"""The calculus gives way to the screen and to PyTorch, where the system knows of such a thing."""

from __future__ import annotations

import os
import sys

import pytest

from gradtui.service import __main__, worker


@pytest.mark.parametrize(("options", "gives_way"), [(["--calculus"], True), ([], False)])
def test_the_calculus_alone(options: list[str], gives_way: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    nicer: list[int] = []
    monkeypatch.setattr(os, "nice", nicer.append, raising=False)
    monkeypatch.setattr(worker, "serve", lambda *_, **__: 0)
    monkeypatch.setattr(sys, "argv", ["service", *options])
    assert __main__.main() == 0
    assert [by > 0 for by in nicer] == [True] * gives_way


def test_a_system_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "nice", raising=False)
    monkeypatch.setattr(worker, "serve", lambda *_, **__: 0)
    monkeypatch.setattr(sys, "argv", ["service", "--calculus"])
    assert __main__.main() == 0
