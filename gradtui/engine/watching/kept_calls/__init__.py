"""The calls of torch that a graph was made by: kept while that is cheap, and made once more where something went wrong."""
