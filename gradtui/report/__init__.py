"""A Snapshot as something to read elsewhere: one file a form."""
