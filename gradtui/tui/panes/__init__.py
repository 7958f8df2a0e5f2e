"""The other panes, a file each."""
