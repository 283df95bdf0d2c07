"""What the parsers of all formats share: single fields, label sets, namings, readings. Pure."""
