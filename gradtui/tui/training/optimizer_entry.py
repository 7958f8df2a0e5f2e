"""The line in which an optimizer is typed as torch spells it, or the number of an update to go to."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input, Static

from gradtui.snapshot.training import Optimizer
from gradtui.training.optimizer_text import OptimizerError, read_optimizer
from gradtui.tui.typing.entry import Entry
from gradtui.tui.typing.line_input import LineInput

USUAL = (
    "SGD(lr=0.1)",
    "SGD(lr=0.1, momentum=0.9)",
    "SGD(lr=0.1, momentum=0.9, nesterov=True)",
    "Adam(lr=0.1)",
    "AdamW(lr=0.1)",
    "NAdam(lr=0.1)",
    "RAdam(lr=0.1)",
    "Adagrad(lr=0.5)",
    "Adadelta(lr=1.0)",
    "RMSprop(lr=0.05)",
    "RMSprop(lr=0.05, centered=True)",
    "Rprop(lr=0.05)",
    "Adamax(lr=0.1)",
    "ASGD(lr=0.05)",
    "LBFGS(lr=1, max_iter=5)",
)
"""Settings that go somewhere in a few updates of a typed function."""


NUMBERS = tuple("+-.0123456789")
LONGEST = 12
"""Digits of an update's number."""


class OptimizerInput(LineInput):
    """Holds the text while it is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "take it", id="optimizer.accept", tooltip="Train by this optimizer"),
        Binding("escape", "leave", "leave", id="optimizer.leave", tooltip="Leave the optimizer as it was"),
        Binding("up", "other(-1)", "one before", id="optimizer.up", tooltip="The usual one before"),
        Binding("down", "other(1)", "next", id="optimizer.down", tooltip="The next usual one"),
    ]

    def action_leave(self) -> None:
        self.post_message(OptimizerEntry.Left(None))

    def action_other(self, by: int) -> None:
        place = USUAL.index(self.value) + by if self.value in USUAL else 0
        self.value = USUAL[place % len(USUAL)]


class OptimizerEntry(Entry):
    """Posts `Left` with the optimizer, or the number of an update; with neither where it was given up. A bad text stays to be
    mended. Up and down go through the usual optimizers."""

    class Left(Message):
        def __init__(self, optimizer: Optimizer | None, update: int | None = None) -> None:
            super().__init__()
            self.optimizer, self.update = optimizer, update

    def compose(self) -> ComposeResult:
        yield Static("optimizer, or number of an update ", id="optimizer-name")
        yield OptimizerInput(compact=True, id="optimizer-text")
        yield Static(id="optimizer-problem")

    def open(self, text: str) -> None:
        """Ask, with `text` there and selected, to be replaced or mended."""
        self.ask(text)
        self.say("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        typed = event.value.strip().replace(",", "")
        if typed.isdecimal() and len(typed) < LONGEST:
            self.post_message(self.Left(None, int(typed)))
            return
        if typed[:1] in NUMBERS:
            self.refuse("updates are numbered 0, 1, 2 and on; an optimizer begins with its name: SGD(lr=0.1)")
            return
        try:
            optimizer = read_optimizer(event.value)
        except OptimizerError as error:
            self.refuse(str(error))
        else:
            self.post_message(self.Left(optimizer))
