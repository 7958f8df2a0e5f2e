"""Tensors as data: which of them can be read, and what is in them."""
