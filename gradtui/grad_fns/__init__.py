"""All that is known of an operation of autograd, by the name of its grad_fn: rules, traits, causes. No torch, and no
question to a graph."""
