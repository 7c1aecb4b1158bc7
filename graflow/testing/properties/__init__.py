"""Properties that hold for every backend, and the strategies that test them."""
