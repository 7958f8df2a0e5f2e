"""Broken training snippets, as people write them, each with its true cause declared beside it."""
