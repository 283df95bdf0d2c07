"""The method: what moving a slice would save, whether it can move, and what to do about it."""
