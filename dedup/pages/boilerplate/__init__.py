"""Lines of pages → the boilerplate among them: a key per template of lines, their counts, a table for a site."""
