"""Derivatives of higher order in reports."""
