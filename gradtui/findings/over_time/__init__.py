"""What goes wrong over many updates, by what was noted of each: detectors by topic, listed in `findings`; words: `sentences`."""
