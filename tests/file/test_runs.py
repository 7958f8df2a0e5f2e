"""The growing file of a Run: whole records are never lost, whatever ends the process, and any other bytes are a sentence."""

from __future__ import annotations

import gzip
import os
import random
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import msgpack

import gradtui
from gradtui.file import run_format, run_reading, snapshot_format
from gradtui.file.header import MAGIC, RUN, FileError
from gradtui.file.run_format import deflated, record
from gradtui.file.run_reading import Following, load
from gradtui.file.run_writing import Ending, RunWriter, save
from gradtui.report.run import json as run_json
from gradtui.report.run import text as run_text
from gradtui.runs.run import ParameterNorms, Run, Update
from tests.file.test_snapshot_format import payloads_in, with_rows
from tests.runs import made

LEAST = len(MAGIC) + 1


def whole() -> Run:
    return made.run(watch_ended="ZeroDivisionError: division by zero")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("run") / "run.gradtui"
    run = whole()
    with made.begun(path, run) as writer:
        made.write(writer, run)
    return path.read_bytes()


def plainly(run: Run) -> dict[str, Any]:
    """All of it, comparable: a nan is like another."""
    return {
        **{name: getattr(run, name) for name in ("what", "arguments", "optimizers", "findings", "printed", "exit")},
        **{name: getattr(run, name) for name in ("ended", "rank", "ranks", "started", "thinned", "watch_ended")},
        "updates": [msgpack.encode(msgspec.to_builtins(one)) for one in run.updates],
        "snapshots": {number: msgpack.encode(one) for number, one in run.snapshots.items()},
    }


def ends(written: bytes) -> list[int]:
    """Where each record ends."""
    found, place = [], LEAST
    while place < len(written):
        place += run_format.HEADER.size + run_format.HEADER.unpack_from(written, place)[1]
        found.append(place)
    return found


def test_what_is_written_is_loaded(written: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    path.write_bytes(written)
    loaded = gradtui.load(path)
    assert isinstance(loaded, gradtui.Run)
    assert plainly(loaded) == plainly(whole())
    loaded.save(tmp_path / "again.gradtui")
    assert plainly(load(tmp_path / "again.gradtui")) == plainly(whole())


def test_snapshots_of_an_older_gradtui_are_read(written: bytes, tmp_path: Path) -> None:
    """They were records of another kind, and rows: a reader of that time passes over what is new."""
    found, start, changed = written[:LEAST], LEAST, 0
    for end in ends(written):
        payload = written[start + run_format.HEADER.size : end]
        kind = written[start]
        if kind == run_format.SNAPSHOT:
            number, stream = payload[:8], payload[8:]
            head, *pieces = map(msgpack.decode, payloads_in(stream))
            old = [msgpack.encode(one) for one in (head, *map(with_rows, pieces))]
            payload = number + gzip.compress(b"".join(len(one).to_bytes(4) + one for one in old))
            kind, changed = 8, changed + 1
        found, start = found + record(kind, payload), end
    assert changed
    path = tmp_path / "run.gradtui"
    path.write_bytes(found)
    assert plainly(load(path)) == plainly(whole())


def test_everything_is_everything() -> None:
    """No field is left at its default: a new one must be added to the Run that is tested, and saved."""
    run = whole()
    left = {
        field.name
        for one in (run, run.updates[0], run.findings[0], run.updates[50].parameters["encoder.0.weight"])
        for field in msgspec.structs.fields(one)
        if not field.required and getattr(one, field.name) in (field.default, None)
    }
    assert left <= {"rank", "thinned", "optimizer", "node", "inf"}  # 0 is one of their values


@pytest.mark.long
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1, exclude_max=True))
def test_cut_anywhere_it_opens_with_all_whole_records(where: float, written: bytes, tmp_path: Path) -> None:
    cut = LEAST + int(where * (len(written) - LEAST))
    path = tmp_path / "run.gradtui"
    path.write_bytes(written[:cut])
    run = load(path)
    whole = max((end for end in ends(written) if end <= cut), default=LEAST)
    path.write_bytes(written[:whole])
    assert plainly(run) == plainly(load(path))
    assert run.ended == (cut == len(written))
    updates = sum(
        1
        for end, after in zip(ends(written), ends(written)[1:], strict=False)
        if after <= whole and is_update(written, end)
    )
    assert len(run.updates) == updates
    assert run_text.report(run)


def is_update(written: bytes, place: int) -> bool:
    return written[place] == run_format.UPDATE


def test_a_file_without_its_beginning_is_a_sentence(written: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    for cut in range(LEAST):
        path.write_bytes(written[:cut])
        with pytest.raises(FileError):
            gradtui.load(path)


def test_followed_byte_by_byte_it_is_the_same(written: bytes, tmp_path: Path) -> None:
    path, chance = tmp_path / "run.gradtui", random.Random(0)
    following = Following(path)
    with path.open("wb", buffering=0) as file:
        rest = memoryview(written)
        file.write(rest[:LEAST])
        rest, counts = rest[LEAST:], [0]
        while rest:
            size = chance.randint(1, 700)
            file.write(rest[:size])
            rest = rest[size:]
            following.more()
            counts.append(len(following.run().updates))
    assert counts == sorted(counts)
    assert len({*counts}) > 20
    assert plainly(following.run()) == plainly(whole())
    assert not following.more()


def test_what_there_was_no_time_to_read_is_known(written: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    path.write_bytes(written + written[-20:][:10])  # what a writer is about to write is no matter of time
    following = Following(path)
    following.more(seconds=0)
    assert following.unread == 1 - LEAST / path.stat().st_size
    following.more()
    assert following.unread == 0


def test_another_run_in_its_place_is_read_from_its_start(written: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    path.write_bytes(written)
    following = Following(path)
    following.more()
    short = made.run(5)
    save(short, path)
    assert following.more()
    assert plainly(following.run()) == plainly(short)
    with RunWriter(path, what="other.py"):
        assert following.more()
        assert (following.run().what, len(following.run().updates)) == ("other.py", 0)


@pytest.mark.long
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bits=st.integers(1, 255))
def test_a_changed_byte_is_a_sentence_or_changes_nothing_else(
    place: float, bits: int, written: bytes, tmp_path: Path
) -> None:
    at = int(place * len(written))
    path = tmp_path / "run.gradtui"
    path.write_bytes(written[:at] + bytes([written[at] ^ bits]) + written[at + 1 :])
    told(path)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=24),
    lambda inside: st.lists(inside, max_size=8) | st.dictionaries(st.text(max_size=8), inside, max_size=4),
    max_leaves=12,
)
NUMBERS = st.sampled_from([b"", b"\0\0\0\0", b"\1\0\0\0", b"\0\0\0\0\0\0\0\xc0", b"\0" * 8, b"\xff" * 8, b"\0" * 16])
NORMS = st.tuples(
    st.integers(-1, 2), NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.lists(st.tuples(*[st.integers(-1, 2)] * 3), max_size=2)
)
SCALARS = st.tuples(
    st.integers(-1, 2),
    st.integers(-1, 2),
    st.none() | st.floats(),
    st.lists(st.floats(), max_size=2),
    st.none() | st.floats(),
    st.floats(),
)
RECORDS = st.one_of(
    st.tuples(st.integers(0, 12), ANYTHING),
    st.tuples(st.just(run_format.NAMES), st.lists(st.sampled_from(["a", "b", "\x1b", "\x9b", "[red]"]), max_size=2)),
    st.tuples(st.just(run_format.UPDATE), st.tuples(SCALARS, st.none() | NORMS)),
    st.tuples(st.just(run_format.NORMS), NORMS),
)


@pytest.mark.long
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(RECORDS, max_size=6))
def test_sound_checksums_around_anything(records: list[tuple[int, Any]], tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    path.write_bytes(
        MAGIC + bytes([RUN]) + b"".join(record(kind, deflated(msgpack.encode(what))) for kind, what in records)
    )
    told(path)


def told(path: Path) -> None:
    """Either a sentence, or a Run that every report can tell."""
    run = refused(path, lambda: load(path))
    if run is not None:
        assert not {"\x1b", "\x9b"} & set(run_text.report(run))
        msgspec.json.decode(b"".join(run_json.pieces(run)))
        for number in run.snapshots:
            refused(path, partial(run.snapshots.__getitem__, number))


def refused(path: Path, ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except FileError as error:
        sentence = str(error)
    assert sentence.startswith(str(path))
    assert "\n" not in sentence
    return None


def test_what_would_take_all_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.gradtui"
    start = MAGIC + bytes([RUN])
    path.write_bytes(start + record(run_format.PRINTED, zlib.compress(bytes(snapshot_format.FRAME + 1))))
    with pytest.raises(FileError, match="more in it than"):
        load(path)
    monkeypatch.setattr(run_reading, "KEPT", 2**20)
    path.write_bytes(start + record(run_format.NAMES, deflated(msgpack.encode([f"w{one}" for one in range(10_000)]))))
    with pytest.raises(FileError, match="more in it than"):
        load(path)


def test_zeros_behind_the_end_are_no_damage(written: bytes, tmp_path: Path) -> None:
    """Some file systems leave them after a loss of power."""
    path = tmp_path / "run.gradtui"
    path.write_bytes(written + bytes(5000))
    assert plainly(load(path)) == plainly(whole())


KILLED = """
import sys
from gradtui.file.run_writing import RunWriter
from tests.runs import made
with RunWriter(sys.argv[1], what="train.py") as writer:
    writer.optimizer("SGD")
    for number in range(10**9):
        writer.update(made.update(number))
        if number % 50 == 20:
            writer.snapshot(number, made.examples.quadratic())
        print(number, flush=True)
"""


@pytest.mark.child
@pytest.mark.long
def test_killed_at_any_moment_it_opens(tmp_path: Path) -> None:
    """Everything that the process has told of was in the file before."""
    path, chance = tmp_path / "run.gradtui", random.Random(1)
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", KILLED, path], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = ""
        for _ in range(chance.randint(1, 400)):
            said = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        said = process.stdout.read().rpartition("\n")[0].rpartition("\n")[2] or said
        process.wait()
        process.stdout.close()
        run = load(path)
        assert not run.ended
        assert len(run.updates) >= int(said) + 1
        assert all(run.snapshots[number].expression for number in run.snapshots)


@pytest.mark.child
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    with RunWriter(path, what="train.py") as writer:
        writer.update(made.update(0))
        size = path.stat().st_size
        child = os.fork()
        if not child:
            writer.update(made.update(1))
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    assert path.stat().st_size == size


@pytest.mark.skipif(os.name != "posix", reason="no limit to the size of a file")
def test_a_full_disk_leaves_whole_records(tmp_path: Path) -> None:
    import resource

    path = tmp_path / "run.gradtui"
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    with RunWriter(path, what="train.py") as writer:
        writer.update(Update(0))
        whole = path.read_bytes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 50, limit[1]))
        try:
            with pytest.raises(OSError, match="too large"):
                writer.update(made.update(1))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        assert path.read_bytes() == whole
        writer.update(made.update(2))
    assert [one.update for one in load(path).updates] == [0, 2]


@pytest.mark.skipif(os.name != "posix", reason="no limit to the size of a file")
def test_a_disk_that_was_full_for_a_while(tmp_path: Path) -> None:
    """Of a file that two processes write: what the one could not write whole does not spoil what the other writes then."""
    import resource

    path = tmp_path / "run.gradtui"
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    with (
        path.open("ab", buffering=0) as file,
        RunWriter(path, what="train.py", file=file) as writer,
        Ending(path) as end,
    ):
        writer.update(Update(0))
        writes: list[Callable[[], None]] = [lambda: writer.update(made.update(1)), lambda: end.printed("never" * 100)]
        for write in writes:
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, limit[1]))
            try:
                with suppress(OSError):
                    write()
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        assert end.lost is not None
        end.printed("later")
        end.end(0)
    run = load(path)
    assert ([one.update for one in run.updates], run.printed, run.ended) == ([0], "later", True)


@pytest.mark.skipif(os.name != "posix", reason="no limit to the size of a file")
def test_a_full_disk_at_the_end_of_a_watch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The program goes on: it has a model to save."""
    import resource

    path = tmp_path / "run.gradtui"
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    watch = gradtui.watch(torch.nn.Identity(), path=path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, limit[1]))
    try:
        watch.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert "large" in capsys.readouterr().err
    assert not watch.run.ended


@pytest.mark.parametrize("form", [run_text.report, lambda run: b"".join(run_json.pieces(run)).decode()])
def test_a_name_that_would_act_on_a_terminal(form: Callable[[Run], str], tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    with RunWriter(path, what="\x1b[31mtrain.py", arguments=("\udcff",)) as writer:
        writer.update(Update(0, parameters={"\x9b1m": ParameterNorms(1.0, 1.0, 0.1)}))
        writer.printed("\x1b]0;title\x07")
    text = form(load(path))
    assert not {"\x1b", "\x9b", "\x07"} & set(text)
