"""What comes over the panes when it is asked for: palette, help, what was cut. They know the session, never the app."""
