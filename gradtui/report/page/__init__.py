"""A Snapshot as a page for any browser, and as what a notebook shows of it. No script of a page asks a network for anything."""
