"""What a month cost, its forecast, its waste, and how it is closed and corrected."""
