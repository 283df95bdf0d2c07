"""Every way out of the advisor: API, pages, metrics, exports and alerts; none computes a figure."""
