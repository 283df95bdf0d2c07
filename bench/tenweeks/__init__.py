"""Ten weeks of invented traffic, replayed into a ledger as if the weeks were passing.

`make ten-weeks` (or `python -m bench.tenweeks --out DIR`) writes `DIR/days` (a file of native
events a day), `DIR/data` (the ledger) and `DIR/history.om` (what `/metrics` said four times a day,
ready for a Prometheus). Half a million requests of eleven workloads take some minutes, a tenth of
them with `--scale 0.1` a fraction of that. Equal arguments give equal events. Nothing is measured
here: it makes a ledger with a past, to try every outlet with.
"""
