"""Training on the screen: one update after the other, by hand or as a film, back and forth. Knows no app, and makes no update."""
