"""Round trips of values through JSON: what a schema allows, and what has to be refused."""
