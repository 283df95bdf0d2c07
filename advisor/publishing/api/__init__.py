"""The HTTP API: its routes and their JSON bodies. It computes no figure of its own."""
