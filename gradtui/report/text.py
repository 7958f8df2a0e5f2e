"""Snapshot -> one text report: values, checks, notes, the graph as a tree, the curves."""

from __future__ import annotations


def report() -> str:
    raise NotImplementedError
