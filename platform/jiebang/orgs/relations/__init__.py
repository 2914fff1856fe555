"""Declared holdings and control, and the related parties that follow from them."""
