"""What numbers, summaries and rules tell where no witness was left: of expressions, of saved files, without a trace."""
