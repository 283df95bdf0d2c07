"""The figures as samples of the table of metrics, read in one snapshot."""
