"""Derivatives of higher order of a typed f: values, graphs, Taylor's polynomial, Hessian, Jacobian."""
