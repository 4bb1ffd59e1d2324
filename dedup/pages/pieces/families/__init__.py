"""Headings that were read → the families of those that count on from one another."""
