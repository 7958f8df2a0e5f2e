"""The graph pane: a view of the outline, and its cursor. Knows no app."""
