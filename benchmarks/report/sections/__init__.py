"""One module per benchmark: lines → a section."""
