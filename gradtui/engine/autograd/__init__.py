"""The graph that autograd built, one run of its engine, and tensors as plain numbers. Knows neither expressions nor
user code."""
