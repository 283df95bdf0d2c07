"""One module for each generated page of the reference: it reads our tables, returns Markdown."""
