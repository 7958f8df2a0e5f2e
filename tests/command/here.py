"""The command with its evaluation in this process: for what is asked and told, which is the same from a child process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import Result

from gradtui.command.cli import command
from gradtui.engine.training.evaluate import evaluate
from gradtui.service.client import Service
from gradtui.service.worker import _load_calculus, _only
from gradtui.snapshot.defaults import OWN_SECONDS
from gradtui.snapshot.model import Request, Snapshot
from tests.command.runner import runner


class Child:
    """What a child process answers, without one."""

    printed = ""

    def __init__(self, answer: Callable[[Request], Snapshot]) -> None:
        self._answer = answer

    async def ask(self, request: Request) -> Snapshot:
        return self._answer(request)


@contextmanager
def evaluator(function: str | None = None) -> Iterator[Callable[[Request], Snapshot]]:
    """Stands for the one of the command."""
    service = Service(torch=(), calculus=(), function=function)  # no process is started
    run = _only(function, OWN_SECONDS)

    def answer(request: Request) -> Snapshot:
        return (evaluate if request.origin == "expression" else run)(request)

    service._torch_ahead._child, service._calculus_ahead._child = Child(answer), Child(_load_calculus())  # type: ignore[assignment]
    yield lambda request: asyncio.run(service.evaluate(request))


def run(*arguments: str, input: str | bytes | None = None, folder: Path | None = None) -> Result:
    """What `gradtui ARGUMENTS` does in that folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gradtui.command.evaluator.evaluator", evaluator)
        patch.setattr("gradtui.command.json_lines.evaluator", evaluator)
        patch.setattr("gradtui.engine.user.evaluate._modules", {})  # a process knows of no file before it runs it
        patch.setattr("gradtui.engine.user.evaluate._courses", {})
        if folder is not None:
            patch.chdir(folder)
            patch.setattr("gradtui.engine.working_folder.HERE", str(folder))
        result = runner().invoke(command, arguments, prog_name="gradtui", input=input)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result
