"""The command line: what is asked (`options` lists it all), how it is read, and what is written without a screen. Nothing is
loaded that may not be needed."""
