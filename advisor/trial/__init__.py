"""Planning a comparison of two models: pairs, days, cost, and how to split the traffic for it."""
