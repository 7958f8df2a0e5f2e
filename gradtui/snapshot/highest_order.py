"""How far derivatives of higher order go. Imports nothing: `gradtui --help` says it."""

MOST_ORDER = 4
MOST_DEGREE = 8
"""Of Taylor's polynomial."""
