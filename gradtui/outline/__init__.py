"""A graph of any size as rows to look at: no torch, no screen, no colours."""
