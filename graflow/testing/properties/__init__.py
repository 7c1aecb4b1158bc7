"""Properties that hold for every backend, and the strategies that try them."""
