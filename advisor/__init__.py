"""Rollups + prices -> advice: pure arithmetic in the middle, outlets (API, metrics, alerts, exports, page) at the edge."""
