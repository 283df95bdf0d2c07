"""Whether a target answers well enough: paired results, what they prove and how long they count."""
