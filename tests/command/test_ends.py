"""How the command ends when what is around it does: no traceback, whatever happens, and no process left behind."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import platformdirs
import pytest

from gradtui.command import cli, print_or_export
from gradtui.file.snapshot_format import save
from gradtui.settings import read_settings
from gradtui.snapshot import faults
from gradtui.tui import saved
from gradtui.tui.session import Session
from tests import examples, warm
from tests.command import here
from tests.failing import failing

pytestmark = pytest.mark.child

COMMAND = (sys.executable, "-m", "gradtui")
FULL = Path("/dev/full")


def start(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    command = warm.gradtui(*arguments)
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=os.environ | environment)


def test_report_and_a_reader_that_has_seen_enough(tmp_path: Path) -> None:
    """`gradtui --print | head -1`; of what was saved, and is written as what has just been made."""
    save(examples.quadratic(), tmp_path / "run.gradtui")
    process = start(str(tmp_path / "run.gradtui"), "--print")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 1
    process.communicate()


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (Session.__init__, ["x^2", "--plain"]),  # the screen, before there is one
        (saved.session_of, ["SAVED", "--plain"]),
        (print_or_export.load, ["SAVED", "--print"]),
        (print_or_export.answer, ["x^2", "--json"]),
        (read_settings.read, ["--settings"]),
    ],
)
def test_an_error_of_ours(
    function: Callable[..., object],
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a sentence, with a file that holds what is to be reported."""
    save(examples.quadratic(), tmp_path / "run.gradtui")
    saved_as = str(tmp_path / "run.gradtui")
    monkeypatch.setattr(sys, "argv", ["gradtui", *(saved_as if one == "SAVED" else one for one in arguments)])
    told, said = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", told)
    monkeypatch.setattr(sys, "stderr", said)
    with failing(function), pytest.raises(SystemExit) as ended:
        cli.main()
    assert (ended.value.code, told.getvalue(), said.getvalue().count("\n")) == (1, "", 1)
    report = Path(platformdirs.user_state_dir("gradtui", appauthor=False)) / faults.KEPT_IN
    assert str(report) in said.getvalue()
    assert "RuntimeError" in report.read_text()


@pytest.mark.long
def test_batch_and_a_reader_that_has_seen_enough() -> None:
    process = start("-")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"xy\n" * 1000)
    process.stdin.flush()
    assert process.stdout.readline().startswith(b'{"schema": "gradtui/1"')
    process.stdout.close()
    _, said = process.communicate()
    assert (process.returncode, said) == (1, b"")


def test_interrupted_while_it_is_loaded(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from gradtui.__main__ import main

    class Interrupted:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "gradtui.command.cli")
    monkeypatch.delattr("gradtui.command.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.long
def test_interrupted_while_it_waits_for_a_line() -> None:
    process = start("-", "--json")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"xy\n")
    process.stdin.flush()
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.stdout.read() == b""
    _, said = process.communicate()
    assert process.returncode == 130
    assert said.strip() == b""


WRITTEN = (["x +", "--json"], ["--help"], ["--settings"], ["--schema"], ["sin(x)^2/x", "--steps"])


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", WRITTEN, ids=" ".join)
def test_full_disk(arguments: list[str]) -> None:
    with FULL.open("wb") as full:
        run = subprocess.run(warm.gradtui(*arguments), stdout=full, stderr=subprocess.PIPE)
    assert run.returncode == 1
    assert run.stderr == b"Error: standard output: No space left on device\n"


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", [["x +", "--print"], ["x", "--none"], ["none.gradtui", "--json"]], ids=" ".join)
def test_nobody_hears_what_is_wrong(arguments: list[str]) -> None:
    """The exit status tells all the same: where standard error is a full disk, and where it is a closed pipe."""
    end, begin = os.pipe()
    os.close(end)
    with FULL.open("wb") as full, open(begin, "wb") as closed:
        for unheard in (full, closed):
            assert subprocess.run(warm.gradtui(*arguments), stdout=subprocess.PIPE, stderr=unheard).returncode == 2


@pytest.mark.skipif(os.name == "nt", reason="there is no such limit on Windows")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", WRITTEN, ids=" ".join)
def test_disk_with_room_for_a_part(arguments: list[str], unbuffered: str, tmp_path: Path) -> None:
    """Of the first write the system takes 50 bytes: half an answer is no answer."""
    import resource

    with (tmp_path / "answer").open("wb") as file:
        run = subprocess.run(
            warm.gradtui(*arguments),
            stdout=file,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50)),
        )
    assert run.returncode == 1
    assert run.stderr.startswith(b"Error: standard output: ")
    assert run.stderr.count(b"\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="asks how much a pipe holds as Linux tells it")
def test_stopped_in_a_write_and_let_go_on() -> None:
    """ctrl+z, and fg: the system has taken a part of the answer by then."""
    import fcntl
    import termios

    process = start("-", "--json", PYTHONUNBUFFERED="1")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"+".join([b"x^2*sin(x)"] * 40) + b"\n")
    process.stdin.flush()
    holds = fcntl.fcntl(process.stdout, fcntl.F_GETPIPE_SZ)
    while fcntl.ioctl(process.stdout, termios.FIONREAD, bytes(4)) != holds.to_bytes(4, sys.byteorder):
        assert process.poll() is None
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)
    process.send_signal(signal.SIGCONT)
    os.waitpid(process.pid, os.WCONTINUED)
    answer, said = process.communicate()
    assert said == b""
    assert json.loads(answer)["value"]


@pytest.mark.skipif(sys.platform != "linux", reason="a pipe has a size there")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_pipe_that_does_not_wait(unbuffered: str) -> None:
    """As another program may leave the terminal that it shares. It takes a tenth of the answer at a time."""
    import fcntl

    end, begin = os.pipe()
    os.set_blocking(begin, False)
    fcntl.fcntl(begin, fcntl.F_SETPIPE_SZ, 4096)
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    with open(end, "rb") as answer:
        process = subprocess.Popen(warm.gradtui("--schema"), stdout=begin, stderr=subprocess.PIPE, env=environment)
        os.close(begin)
        assert json.loads(answer.read())
    assert process.communicate()[1] == b""
    assert process.returncode == 0


@pytest.mark.long
def test_the_whole_report() -> None:
    """From the command line to the last line of the chart; to a pipe that takes no Unicode."""
    command = [*COMMAND, "x^2 + 3x + 1", "--at", "x=4", "--print", "--window", "-5:5"]
    run = subprocess.run(command, capture_output=True, env={"PYTHONIOENCODING": "ascii"}, check=True)
    text = run.stdout.decode("ascii")
    assert "?" not in text
    assert "autograd ok calculus ok differences ok" in text
    for line in ("f(x) = 29", "x = 4    f'(x) = 11", "f'(x) = 2*x + 3"):
        assert line in text
    assert "AccumulateGrad" in text
    assert run.stderr == b""


def test_the_whole_backward_pass() -> None:
    """With the cut, for which forward mode runs: x^32 has too many paths to list."""
    told = here.run("a = x*x; b = a*a; c = b*b; d = c*c; d*d", "--at", "1", "--steps")
    assert told.exit_code == 0
    text = told.stdout
    assert "step 6 of 6   AccumulateGrad   x" in text
    assert "x.grad = 32" in text
    assert "Σ ḡ·v̇ = 32" in text
    assert told.stderr == ""
