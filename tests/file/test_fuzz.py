"""Any bytes are a FileError, or a Snapshot that every report and every pane of the screen can show."""

from __future__ import annotations

import gzip
import os
import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec import msgpack
from msgspec.structs import replace

from gradtui.file import header
from gradtui.file.header import FileError
from gradtui.file.snapshot_format import load, save
from gradtui.snapshot.model import Snapshot
from tests import examples, synthetic
from tests.file.mutations import mutated, reread
from tests.file.readers import in_time, reports, screen
from tests.file.test_snapshot_format import EVERYTHING, payloads_of, written
from tests.graph.graphs import tangled

EXAMPLES = int(os.environ.get("GRADTUI_FUZZ", "60"))
"""How many of each; more by hand: GRADTUI_FUZZ=100000 pytest --hypothesis-profile=default tests/file/test_fuzz.py"""

SCREENS = EXAMPLES // 12
"""On how many the screen is opened."""

SEEDS = (
    examples.quadratic(),
    examples.vector_quadratic(),
    examples.two_variables(),
    examples.nan_gradient(),
    examples.constant(),
    EVERYTHING,
    replace(EVERYTHING, problem=None),
    synthetic.bert(1, 8),
    synthetic.recurrence(20),
)
STRANGE = (
    None,
    True,
    -1,
    0,
    1,
    7,
    2**31,
    -(2**63),
    2**64 - 1,
    0.5,
    float("nan"),
    float("inf"),
    "",
    "x",
    "a" * 999,
    b"x",
)
SEED = st.integers(0, 2**64)
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@cache
def wholes() -> tuple[bytes, ...]:
    """Files as this version writes them."""
    found = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.gradtui"
        for snapshot in SEEDS:
            save(snapshot, path)
            found.append(path.read_bytes())
    return tuple(found)


@cache
def contents() -> tuple[list[bytes], ...]:
    """The payloads in them."""
    return tuple(map(payloads_of, wholes()))


def check(path: Path) -> bool:
    """Whether it was read; then everything that reads a Snapshot is tried on it."""
    try:
        snapshot = load(path)
    except FileError as error:
        told = str(error).removeprefix(f"{path}: ")
        assert re.fullmatch(r"[^\n]{10,400}", told), told
        return False
    with in_time():
        reports(snapshot)
    return True


@pytest.mark.long
@SETTINGS
@given(seed=SEED)
def test_changed_bytes(seed: int, tmp_path: Path) -> None:
    """Of the file itself: cut, changed, more, less."""
    chance = random.Random(seed)
    raw = bytearray(chance.choice(wholes()))
    for _ in range(chance.randint(1, 4)):
        place, length = chance.randrange(len(raw) + 1), chance.randrange(9)
        raw[place : place + chance.choice([0, 1, length, len(raw)])] = chance.randbytes(chance.choice([0, 1, length]))
    path = tmp_path / "run.gradtui"
    path.write_bytes(raw)
    check(path)


@pytest.mark.long
@SETTINGS
@example(seed=17836)  # a tangent of another shape than the gradients
@given(seed=SEED)
def test_changed_payloads(seed: int, tmp_path: Path) -> None:
    """Of what is compressed, so that no checksum tells."""
    chance = random.Random(seed)
    payloads = [bytearray(payload) for payload in chance.choice(contents())]
    for _ in range(chance.randint(1, 4)):
        payload = chance.choice(payloads)
        payload[chance.randrange(len(payload))] = chance.randrange(256)
    check(written(tmp_path / "run.gradtui", *map(bytes, payloads)))


def places(what: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in it that holds something: the container, and the key or index."""
    waiting = [what]
    while waiting:
        container = waiting.pop()
        if isinstance(container, dict | list):
            for key, inside in list(container.items() if isinstance(container, dict) else enumerate(container)):
                yield container, key
                waiting.append(inside)


@pytest.mark.long
@SETTINGS
@example(seed=13708)  # a step order in which nothing has led to a node that runs
@example(seed=19007)  # one in which a node runs before another that sends to it
@example(seed=38622)  # one in which the engine would have taken another node
@example(seed=75382)  # a node of which there is nothing to write
@given(seed=SEED)
def test_changed_values(seed: int, tmp_path: Path) -> None:
    """Well-formed MessagePack with other things in it: this gets furthest."""
    chance = random.Random(seed)
    payloads = [msgpack.decode(payload) for payload in chance.choice(contents())]
    found = [place for payload in payloads for place in places(payload)]
    originals = [msgpack.encode(container[key]) for container, key in found]
    for _ in range(chance.randint(1, 3)):
        container, key = chance.choice(found)
        match chance.choice(["strange", "other", "near"]):
            case "strange":
                container[key] = chance.choice(STRANGE)
            case "other":
                container[key] = msgpack.decode(chance.choice(originals))
            case "near" if isinstance(container[key], int):
                container[key] += chance.randint(-2, 2)
    check(written(tmp_path / "run.gradtui", *payloads))


def changed(chance: random.Random) -> Snapshot:
    """A Snapshot with other things in its fields, as it comes back from a file that is accepted."""
    while True:
        sound = tangled(chance) if chance.random() < 0.2 else chance.choice(SEEDS)
        other = mutated(sound, chance, times=chance.choice([1, 1, 2, 4, 8]))
        accepted = None if other is None else reread(other)
        if accepted is not None:
            return accepted


@pytest.mark.long
@SETTINGS
@given(seed=SEED)
def test_changed_fields(seed: int) -> None:
    """Of what is right by its types: most of it is accepted, and all of that can be told."""
    snapshot = changed(random.Random(seed))
    with in_time():
        reports(snapshot)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(SCREENS))
async def test_changed_fields_on_the_screen(seed: int) -> None:
    chance = random.Random(seed)
    snapshot = changed(chance)
    with in_time():
        await screen(snapshot, chance)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=200))
def test_any_bytes(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    for start in (b"", header.MAGIC, header.MAGIC + b"\x01", header.MAGIC + b"\x01" + gzip.compress(b"")[:10]):
        path.write_bytes(start + raw)
        assert not check(path)


@pytest.mark.long
def test_the_changes_get_through(tmp_path: Path) -> None:
    """The fuzzers are worth something: many a changed file is still read."""
    chance = random.Random(1)
    read = 0
    for _ in range(40):
        payloads = [msgpack.decode(payload) for payload in chance.choice(contents())]
        container, key = chance.choice([place for payload in payloads for place in places(payload)])
        if isinstance(container[key], float):
            container[key] = chance.random()
        elif isinstance(container[key], str):
            container[key] = "other"
        read += is_read(written(tmp_path / "run.gradtui", *payloads))
    assert read > 12


def is_read(path: Path) -> bool:
    try:
        load(path)
    except FileError:
        return False
    return True
