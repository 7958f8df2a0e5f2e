"""A Snapshot as something to read elsewhere: one file a form. No torch, no screen, and nothing is evaluated."""
