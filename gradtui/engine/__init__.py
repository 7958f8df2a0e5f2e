"""Everything that runs in torch: autograd, typed f, captures, user code. The only package that imports torch; no
screen, no sympy."""
