"""Alerts: which stand, what they say, and how they reach Slack."""
