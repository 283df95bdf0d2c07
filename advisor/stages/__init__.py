"""The life of a recommendation: its stages, what it missed, and what it saved once adopted."""
