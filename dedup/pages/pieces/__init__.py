"""Lines of pages → the pieces that pages hold: where texts begin, told by headings and by what stands elsewhere."""
