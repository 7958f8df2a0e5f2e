"""All keys of the screen on a run, and what its words and signs mean."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from gradtui.tui.configured_keys import shown
from gradtui.tui.dialogs.overlay import KeysHelp, entry, glossary, heading

GLOSSARY = (
    (
        "update",
        "one call of an optimizer's step, or what your own code makes of weights by their gradients; counted from 0 over all",
    ),
    ("gradient", "the norm of a parameter's gradient as step finds it, after clipping"),
    ("weight, change", "the norm of the parameter before the step, and of what the step added to it"),
    (
        "change/weight",
        "Δ/weight in short: about 1/1000 an update is usual; far more is unstable, far less hardly learns",
    ),
    (
        "· ░ ▒ ▓ █",
        "from the smallest to the largest, by powers of ten; of a module, and of several updates, the largest",
    ),
    ("× nan", "an element is no number: what it came from stands in the findings"),
    ("∞", "an element is infinite"),
    ("∅ None", "no gradient: backward did not reach the parameter; never the same as 0"),
    ("0", "a gradient of 0 throughout, or no change at all"),
    ("┊", "in the loss: a finding begins here"),
    ("✗ ▶ ?", "a finding; the one that is told; one that may be meant so"),
    (
        "printed",
        "what the script writes. Its stdin is empty while the screen is there: gradtui --print SCRIPT leaves it the terminal's",
    ),
    (
        "thinned",
        "of a very long run the parameters are kept at some updates, and between them what was lowest and highest",
    ),
)
"""What a word or a sign of the screen means."""


class HelpScreen(KeysHelp):
    def told(self) -> ComposeResult:
        yield Static(heading("keys"))
        for key in self.keys:
            yield from entry(shown(key), key.tooltip)
        yield from glossary(GLOSSARY)
