"""What a Run tells of itself."""

from __future__ import annotations

import pytest

from gradtui.runs.run import Run


@pytest.mark.parametrize(
    ("optimizers", "asked", "names"),
    [
        (("SGD",), [0, 0], ()),
        (("Adam", "SGD"), [1, 0], ("SGD", "Adam")),
        (("Adam", "SGD", "Adam"), [0, 1, 2], ("Adam 1", "SGD", "Adam 2")),
        (("Adam", "Adam"), [2], ("",)),
        (("Adam",) * 200_000, [199_999], ("Adam 200000",)),
        (("Adam",) * 200_000, [*range(200_000)], ()),
    ],
    ids=["one", "two kinds", "two of a kind", "not told yet", "one of very many", "very many"],
)
def test_optimizers_are_told_apart(optimizers: tuple[str, ...], asked: list[int], names: tuple[str, ...]) -> None:
    assert Run(optimizers=optimizers).names_of(asked) == names
