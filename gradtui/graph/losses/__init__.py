"""What a loss is made of: targets and weights of its terms that move with what they are held against, penalties on weights."""
