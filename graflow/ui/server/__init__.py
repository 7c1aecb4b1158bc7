"""Server of one page for one person: who may ask, what is sent along with each answer."""
