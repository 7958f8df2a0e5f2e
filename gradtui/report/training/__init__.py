"""Updates as text, JSON, CSV and a PyTorch script."""
