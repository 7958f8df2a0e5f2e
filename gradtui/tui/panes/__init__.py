"""The other panes, a file each. They post messages and know neither each other nor the app."""
