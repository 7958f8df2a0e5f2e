"""Questions to a recorded graph, answered from its numbers alone: no torch, no screen, no words of findings."""
