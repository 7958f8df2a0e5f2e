"""The command line: what is asked, and what is written. Nothing is loaded that may not be needed."""
