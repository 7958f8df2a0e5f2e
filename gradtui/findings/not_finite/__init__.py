"""Where nan or infinity began, forward and backward: by what a witness saw, else by the numbers known. No words of it."""
