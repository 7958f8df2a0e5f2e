"""Why a gradient becomes 0, or next to nothing: who is to blame, and what the node to blame has done. No words of it."""
