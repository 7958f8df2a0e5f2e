"""The node pane: one node at one moment of the backward pass, and the ledger. Knows no app."""
