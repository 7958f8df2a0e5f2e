"""What people write instead of a piece of a graph: pieces are known by patterns of what they are made of."""
