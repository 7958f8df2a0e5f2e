"""What is wrong with values and gradients, and why: no torch, no screen."""
