"""The first look at all lines: which may be headings."""
