"""The screen. Imports no torch, ever."""
