"""Where nan or infinity began, forward and backward, and why: by what a witness saw, else by the numbers that are known."""
