"""The symbolic side of f', by sympy: no torch."""
