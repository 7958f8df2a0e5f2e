"""What a person has chosen for good: `config.toml`, the environment, options; and what is remembered. No screen, no torch."""
