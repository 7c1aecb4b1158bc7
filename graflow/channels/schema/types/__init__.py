"""Types that schemas are made of, and the names in their annotations."""
