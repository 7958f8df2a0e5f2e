"""A function of a person's own file: loaded, bounded, run, and explained where it raises. Only here is their code run."""
