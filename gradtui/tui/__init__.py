"""The screen: views of what was asked and answered. Imports no torch, ever."""
