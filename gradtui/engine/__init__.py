"""Forward, graph, backward, curve and calculus: the only package that imports torch."""
