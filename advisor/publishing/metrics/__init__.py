"""The figures as samples of the table of metrics: label values in the table's order, read in one snapshot."""
