"""What parsers are made of: fields, label sets, namings, readings, and what a format is. Pure."""
