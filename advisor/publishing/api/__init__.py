"""The read API: its routes and its bodies. It formats; it computes nothing."""
