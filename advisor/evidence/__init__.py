"""Whether a target answers well enough: paired results on the same inputs, what they prove, and for how long they count."""
