"""Advice on every slice: what was used, what could be moved, whether it should be, and why."""
