"""The graph that autograd built, and one run of its engine. Knows neither expressions nor user code."""
