"""Planning a comparison of two models: how many pairs, how long that takes, what it costs, and how to split traffic for it."""
