"""Derivatives of higher order: values, graphs, Taylor's polynomial, Hessian, Jacobian. A file's f is run in `user`."""
