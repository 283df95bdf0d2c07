"""Rollups and prices become advice, and advice reaches people.

The rooms import only downward in this line: `words`, `months` (what was spent), `evidence` (is the
target good enough), `switching` (the method of a move, pure), `advice` (on every slice), `stages`
and `trial` (what people decided, how to find out), `report` (the one value that every face
renders), `publishing` (every way out), `refresh` (what the worker runs).
"""
