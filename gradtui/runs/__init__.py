"""A Run: what a whole training leaves. Plain data, and questions to it; no torch, no screen."""
