"""Watching a person's training: each update by torch's public hooks, a whole backward pass where something goes wrong. Nothing of
theirs is changed."""
