"""Where the explorer begins, unless somebody says otherwise. Imports nothing: `gradtui --help` says it."""

STEP = "0.1"
"""How far one key press moves a variable."""
WINDOW = (-10.0, 10.0)
"""The ends of the chart's x-axis."""
