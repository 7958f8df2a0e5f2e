"""Ready sets of keys, by the id of an action."""

from __future__ import annotations

VIM: dict[str, tuple[str, ...]] = {
    "step.down": ("h", "left"),
    "step.up": ("l", "right"),
    "step.down10": ("H", "shift+left"),
    "step.up10": ("L", "shift+right"),
    "node.page_up": ("ctrl+u", "ctrl+b", "pageup"),
    "node.page_down": ("ctrl+d", "pagedown"),
    "node.first": ("0", "home"),
    "node.last": ("$", "end"),
    "run.back": ("h", "left"),
    "run.on": ("l", "right"),
    "run.back10": ("H", "shift+left"),
    "run.on10": ("L", "shift+right"),
    "run.first": ("0", "home"),
    "run.last": ("$", "end"),
    "row.page_up": ("ctrl+u", "ctrl+b", "pageup"),
    "row.page_down": ("ctrl+d", "pagedown"),
    "edit": ("i", "/"),
    "full": ("I",),
    "ledger": ("J",),
    "chart.next": ("K",),
}
"""h j k l move; what stood on l, h and i stands on J, K and I."""

KEYMAPS: dict[str, dict[str, tuple[str, ...]]] = {"usual": {}, "vim": VIM}
