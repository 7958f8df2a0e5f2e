"""The lines in which a person types."""
