"""Updates of a typed f by the real optimizers of torch.optim. Those of a file's own parameters are in `user`."""
