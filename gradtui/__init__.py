"""gradtui: a terminal explorer for PyTorch autograd."""

__version__ = "0.1.0"
