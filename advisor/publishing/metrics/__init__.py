"""The figures as samples of the table of metrics, read in one snapshot; label values are in the table's order."""
