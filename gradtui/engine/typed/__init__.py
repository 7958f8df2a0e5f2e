"""A typed f: its forward pass, its curve, and what is known of its numbers. No code of a person's is run here."""
