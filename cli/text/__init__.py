"""Reports, advice and ledgers as text for a terminal.

Nothing here reads a row or decides anything.
"""
