"""The node pane."""
