"""Benchmarks: our figure and its floor measured together in one run. Never part of the tests.

`bench.tenweeks` measures nothing: `make ten-weeks` makes a ledger with a past,
to try the outlets with.
"""
