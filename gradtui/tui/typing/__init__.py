"""The lines in which a person types. They post what was typed and know no app."""
