"""All that is known of an operation of autograd, by the name of its grad_fn: no torch, no graph."""
