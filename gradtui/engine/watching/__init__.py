"""Watching a training: what every update does, by torch's public hooks, and a whole backward pass where something goes wrong."""
