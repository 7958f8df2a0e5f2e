"""A training in another thread than the one that began the watch."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch import nn

import gradtui
from tests import warm

Threads = Callable[[Callable[[int], None]], None]

EPOCHS, STEPS = 3, 4


def cut(x: torch.Tensor) -> torch.Tensor:
    return x.detach()


def training() -> Callable[[int], None]:
    """An epoch of it: its encoder is cut off, and the gradients of the head are never cleared."""
    torch.manual_seed(0)
    encoder, head = nn.Linear(3, 4), nn.Linear(4, 1)
    optimizer = torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=0.01)

    def epoch(number: int) -> None:
        for _ in range(STEPS):
            torch.autograd.backward(head(cut(encoder(torch.rand(8, 3)))).square().mean())
            optimizer.step()

    return epoch


def here(epoch: Callable[[int], None]) -> None:
    for number in range(EPOCHS):
        epoch(number)


def in_a_thread(epoch: Callable[[int], None]) -> None:
    one = threading.Thread(target=here, args=(epoch,))
    one.start()
    one.join()


def in_one_each(epoch: Callable[[int], None]) -> None:
    for number in range(EPOCHS):
        one = threading.Thread(target=epoch, args=(number,))
        one.start()
        one.join()


def in_a_pool(epoch: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        for number in range(EPOCHS):
            pool.submit(epoch, number).result()


def beside_another(epoch: Callable[[int], None]) -> None:
    """One that runs a model of its own, before the first step and on."""
    model, other = nn.Linear(3, 3), threading.Event()
    runs = threading.Event()

    def work() -> None:
        while not other.is_set():
            model(torch.rand(2, 3))
            runs.set()

    worker = threading.Thread(target=work)
    worker.start()
    runs.wait()
    try:
        here(epoch)
    finally:
        other.set()
        worker.join()


def told(run: Threads) -> tuple[int, set[tuple[object, ...]]]:
    with gradtui.watch(nn.Linear(1, 1)) as watch:
        run(training())
    return len(watch.run.updates), {(one.kind, one.parameter, one.source) for one in watch.findings}


@pytest.mark.parametrize("run", [in_a_thread, in_one_each, in_a_pool, beside_another])
def test_it_is_told_as_where_the_watch_began(run: Threads) -> None:
    updates, expected = told(here)
    assert updates == EPOCHS * STEPS
    assert {kind for kind, *_ in expected} == {"zero_grad", "detached"}
    assert told(run) == (updates, expected)


@pytest.mark.parametrize("shared", [False, True], ids=["a model each", "one model"])
def test_of_several_at_a_time_it_is_told_what_is_not_watched(shared: bool) -> None:
    count, known = 3, training()
    begun, others = threading.Event(), threading.Event()
    epochs = [known if shared else training() for _ in range(count)]

    def first() -> None:
        epochs[0](0)
        begun.set()
        others.wait()
        epochs[0](1)

    def work(epoch: Callable[[int], None]) -> None:
        begun.wait()
        epoch(0)

    threads = [threading.Thread(target=work, args=(epoch,)) for epoch in epochs[1:]]
    with gradtui.watch(nn.Linear(1, 1)) as watch:
        main = threading.Thread(target=first)
        for one in (main, *threads):
            one.start()
        for one in threads:
            one.join()
        others.set()
        main.join()
    assert len(watch.run.updates) == 2 * STEPS
    (found,) = (one for one in watch.findings if one.kind == "unwatched")
    assert (found.certainty, found.update) == ("perhaps", STEPS)
    assert f"{(count - 1) * STEPS} steps" in found.text
    assert found.source is not None
    assert found.source.text == "optimizer.step()"


def test_afterwards_the_thread_goes_on_without_it() -> None:
    begin, end = threading.Event(), threading.Event()
    epoch, known = training(), []

    def work() -> None:
        epoch(0)
        begin.set()
        end.wait()
        epoch(1)
        known.append(torch.rand(3).sum())

    worker = threading.Thread(target=work)
    with gradtui.watch(nn.Linear(1, 1)) as watch:
        worker.start()
        begin.wait()
    end.set()
    worker.join()
    assert len(watch.run.updates) == STEPS
    assert known
    epoch(2)
    assert len(watch.run.updates) == STEPS


SCRIPT = """\
import threading
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def train():
    for update in range(5):
        loss = model(torch.rand(4, 3)).mean()
        if update == 3:
            loss = loss.detach()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


thread = threading.Thread(target=train)
thread.start()
thread.join()
"""


@pytest.mark.child
def test_what_a_thread_raises_is_told_and_shown_as_python_shows_it(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    command = warm.gradtui("--export", "run.gradtui", "train.py")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    run = gradtui.load(tmp_path / "run.gradtui")
    assert isinstance(run, gradtui.Run)
    assert (run.exit, len(run.updates)) == (0, 3)
    assert run.findings[0].kind == "detached"
    assert run.findings[0].source is not None
    assert run.findings[0].source.line == 12
    assert "Exception in thread" in done.stderr
    assert "loss.backward()" in done.stderr
    assert str(Path(gradtui.__file__).parent) not in done.stderr
