"""Errors of our own."""

from __future__ import annotations

import signal
from functools import partial
from types import FunctionType
from typing import Any, cast

import pytest

from gradtui.snapshot import faults
from gradtui.snapshot.exception_text import said
from gradtui.snapshot.numbers import number
from tests.failing import failing


def raised(by: object) -> Exception:
    try:
        by()  # type: ignore[operator]
    except Exception as error:
        return error
    pytest.fail("it did not raise")


def test_of_one_that_says_nothing_its_kind_is_told() -> None:
    assert faults.told(KeyError()) == "KeyError"
    assert faults.told(ValueError("one\ntwo")) == "ValueError: one"


def test_whose_it_is() -> None:
    """By where it was raised, not by what was on the way."""

    class TheirsError(Exception):
        def __str__(self) -> str:
            raise ValueError

    with failing(cast(FunctionType, number)):
        assert faults.is_own(raised(partial(number, 1.0)))
    assert not faults.is_own(raised(lambda: str(TheirsError())))
    assert said(TheirsError())
    assert not faults.is_own(raised(lambda: int("x")))
    assert not faults.is_own(ValueError())


@pytest.mark.parametrize("kind", ["function", "partial", "object"])
def test_a_handler_of_a_signal_is_known_whatever_it_is(kind: str) -> None:
    def comes(*args: object) -> None:
        raise TimeoutError

    class Comes:
        def __call__(self, *args: object) -> None:
            raise TimeoutError

    handlers: dict[str, Any] = {"function": comes, "partial": partial(comes, 1), "object": Comes()}
    before = signal.signal(signal.SIGINT, handlers[kind])
    try:
        assert faults.is_of_signal(raised(lambda: signal.raise_signal(signal.SIGINT)))
        assert not faults.is_of_signal(raised(lambda: int("x")))
    finally:
        signal.signal(signal.SIGINT, before)
