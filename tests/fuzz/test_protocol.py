"""Whatever comes on the pipes is a message or a ProtocolError; whatever is a Request gets its answer."""

from __future__ import annotations

import contextlib
import io
import subprocess
from random import Random

import pytest

from gradtui.engine.typed.evaluate import evaluate
from gradtui.service.protocol import ProtocolError, Ready, frame, message, read
from gradtui.snapshot.model import Request, Snapshot
from tests import warm
from tests.fuzz import frames
from tests.fuzz.language import EVALUATE, check_problem, timed


@pytest.mark.parametrize("seed", range(4))
def test_spoiled_frames(seed: int) -> None:
    """Read to the end of the stream, as the message that it was or as any other."""
    random = Random(seed)
    for _ in range(500):
        data = frames.mutated(random) + frames.mutated(random)
        for kind in (Request, Snapshot, Ready):
            stream = io.BytesIO(data)
            with contextlib.suppress(ProtocolError):
                while (received := read(stream, kind)) is not None:
                    assert type(received) is kind
                    with contextlib.suppress(ProtocolError):  # half of a character
                        assert frame(received)


def absurd(seed: int, count: int) -> list[tuple[bytes, Request | None]]:
    """Payloads, with the Request that each one is, if it is one."""
    random = Random(seed)
    found: list[tuple[bytes, Request | None]] = []
    for _ in range(count):
        payload = frames.request(random)
        try:
            found.append((payload, message(payload, Request)))
        except ProtocolError:
            found.append((payload, None))
    return found


@pytest.mark.long
def test_absurd_requests() -> None:
    """The engine alone: a Snapshot, or a Problem that is no crash."""
    asked = [request for _, request in absurd(1, 600) if request and request.origin == "expression"]
    assert len(asked) > 200
    for request in asked:
        snapshot = timed(EVALUATE, "evaluate", lambda request=request: evaluate(request))  # type: ignore[misc]
        assert snapshot.id == request.id
        assert frame(snapshot)
        if snapshot.problem is not None:
            check_problem(snapshot.problem, request.expression)


@pytest.mark.long
def test_a_real_worker() -> None:
    """It answers every absurd request in turn, and ends with one line at the first frame that is none."""
    pairs = absurd(2, 200)
    good = [(payload, request) for payload, request in pairs if request is not None]
    bad = next(payload for payload, request in pairs if request is None)
    given = b"".join(frames.framed(payload) for payload in (*(payload for payload, _ in good), bad))
    run = subprocess.run(warm.workers()["torch"], input=given, capture_output=True)
    answers = io.BytesIO(run.stdout)
    assert read(answers, Ready) == Ready("torch")
    for _, request in good:
        answer = read(answers, Snapshot)
        assert answer is not None
        assert answer.id == request.id
        if answer.problem is not None and request.origin == "expression":
            check_problem(answer.problem, request.expression)
    assert read(answers, Snapshot) is None
    assert run.returncode == 1
    assert run.stderr.startswith(b"gradtui.service: not a Request")
    assert run.stderr.count(b"\n") == 1
