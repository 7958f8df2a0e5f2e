"""Training without torch: optimizers by torch's names, how one is read, its rule as a person writes it, and what a run leaves."""
