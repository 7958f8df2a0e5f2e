"""What an operation has to say to its arguments."""

from __future__ import annotations


class UnfitError(ValueError):
    """Arguments that have no value under an operation, in words for a person."""


class NoVectorError(UnfitError):
    """A single number stands where a vector is wanted."""
