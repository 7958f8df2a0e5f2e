"""Updates by the real optimizers of torch.optim."""
