"""One chart of f and f' for screen and paper: no torch, no widgets."""
