"""Derivatives of higher order in reports: text, JSON, LaTeX, a script. Nothing is differentiated here."""
