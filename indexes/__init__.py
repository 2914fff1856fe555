"""Exact indexes: vectors, postings and filter columns; add, remove, search, save, load."""
