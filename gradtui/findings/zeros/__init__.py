"""Why a gradient becomes 0, or next to nothing: who is to blame, and what the node that is to blame has done."""
