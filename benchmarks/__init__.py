"""How fast the engine is: measured on texts made on the spot, against tools that do the same work."""
