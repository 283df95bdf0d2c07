"""Rollups + prices -> advice: pure arithmetic in the middle, outlets (API, metrics, alerts, exports, pages) at the edge.

`months/` is what was spent, `switching/` the method of a switch, `evidence/` whether the target is good enough, `trial/` how to
find out, `stages/` what people decided and what it came to. `report.py` puts them together, and all else shows it.
"""
