"""Benchmarks: our figure and its floor measured side by side in one run. Never part of the tests."""
