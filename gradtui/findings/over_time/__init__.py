"""What goes wrong over many updates, from what was noted of each: one detector a file, without a word; `sentences` has those."""
