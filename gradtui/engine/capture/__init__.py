"""The graph behind a tensor of user code, and what a trace of the forward pass adds to it. Changes nothing of the
caller's."""
