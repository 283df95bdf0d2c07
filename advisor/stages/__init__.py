"""The life of a recommendation: its stages, what is missed while it is open, and what it saved once
it is adopted."""
