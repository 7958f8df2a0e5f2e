"""Whether looks at time, memory and depth, which come by signals, may raise where they come."""

from __future__ import annotations


class Looks:
    """Not while what stands around a person's code is taken off again: half of it would stay, in the process that goes on.

    As a context manager it stands innermost: should a look come right at its end, what is around it is left all the same.
    """

    def __init__(self) -> None:
        self.are_held = False

    def __enter__(self) -> None:
        self.are_held = False

    def __exit__(self, *raised: object) -> None:
        self.are_held = True

    def come_back(self) -> None:
        self.are_held = False


looks = Looks()
