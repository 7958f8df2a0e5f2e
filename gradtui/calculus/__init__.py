"""The symbolic side of f', by sympy, and the exact values that torch is measured by: no torch, no screen."""
