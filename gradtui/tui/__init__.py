"""The screen: views of what was asked and answered, a package for each part of it. Imports no torch, ever."""
