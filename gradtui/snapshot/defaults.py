"""What holds unless somebody says otherwise: where variables begin, a step, a window, a time. Imports nothing: for `--help`."""

STEP = "0.1"
"""How far one key press moves a variable."""
WINDOW = (-10.0, 10.0)
"""The ends of the chart's x-axis."""
SECONDS = 5.0
"""How long the evaluation of a typed function may take."""
CALCULUS_SECONDS = 2.0
"""How long its symbolic derivative may take on the screen."""
OWN_SECONDS = 30.0
"""How long a function of a person's own may take, its imports among them."""


def default_at(name: str) -> float:
    """Where a variable stands until someone says otherwise: x at 4, as in the first example, all others at 1."""
    return 4.0 if name == "x" else 1.0
