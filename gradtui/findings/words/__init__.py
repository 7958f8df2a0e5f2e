"""What findings say: the only place with words for causes, but for why an operation
is not finite at a place: `grad_fns.singularities` has those. Facts are put in here."""
