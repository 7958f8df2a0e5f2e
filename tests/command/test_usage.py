"""What the command refuses, and what it says: nothing here starts a child process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from unittest.mock import create_autospec

import click
import pytest
from click.testing import Result
from msgspec.structs import asdict
from textual.theme import BUILTIN_THEMES

from gradtui import __version__
from gradtui.command.cli import command
from gradtui.command.topics import TOPICS
from gradtui.report.export import SUFFIXES
from gradtui.snapshot.start import Start
from gradtui.tui import app
from tests.command.runner import runner


def run(*arguments: str) -> Result:
    return runner().invoke(command, arguments)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> list[Start]:
    """What the screen was opened with; called as it wants to be called."""
    opened: list[Start] = []
    seen = create_autospec(app.run, side_effect=lambda start, settings: opened.append(start))
    monkeypatch.setattr(app, "run", seen)
    monkeypatch.setattr("gradtui.command.cli._require_terminal", lambda: None)
    return opened


def test_version_and_help() -> None:
    assert run("--version").output == f"gradtui {__version__}\n"
    assert "--at" in run("--help").output


def test_the_screen_alone(screen: list[Start]) -> None:
    assert run().exit_code == 0
    assert screen == [Start("x^2 + 3x + 1")]
    (start,) = screen
    assert (start.dtype, start.device, start.step, start.origin) == ("float32", "cpu", "0.1", "expression")


def test_the_screen_with_everything(screen: list[Start]) -> None:
    places = ["--at", "w=0.50", "--at", "b=[1,2]", "--at", "pi/2"]
    options = ["--dtype", "float64", "--window", "-2:pi", "--step", "0.25", "--theme", "light"]
    assert run("-w*x + b", *places, *options).exit_code == 0
    (start,) = screen
    assert asdict(start) == {
        "expression": "-w*x + b",
        "at": {"w": "0.50", "b": "[1,2]", "x": "pi/2"},
        "dtype": "float64",
        "device": "cpu",
        "window": (-2.0, pytest.approx(3.141592653589793)),
        "step": "0.25",
        "theme": "textual-light",
        "names": ("w", "b", "x"),
        "origin": "expression",
        "optimizer": None,
        "trained": None,
        "updates": 0,
        "data": {},
        "unusable": {},
        "batches": None,
        "order": 0,
        "degree": None,
    }


@pytest.mark.parametrize(
    ("target", "at", "places"),
    [
        ("x^2", ["3"], {"x": "3"}),
        ("x^2", ["-3"], {"x": "-3"}),
        ("x^2", ["x = -3"], {"x": "-3"}),
        ("5 + 5", ["3"], {"x": "3"}),
        ("sum(x)", ["[2.1, 5.4]"], {"x": "[2.1, 5.4]"}),
        ("Volt/I_0", ["Volt=2", "4"], {"Volt": "2", "I_0": "4"}),
        ("Volt*x", ["Volt=2", "4"], {"Volt": "2", "x": "4"}),
        ("-x^2", [], {}),
        ("--x", [], {}),
        ("x.sin()", [], {}),
        ("f(x) = x^2", ["2"], {"x": "2"}),
    ],
)
def test_places(screen: list[Start], target: str, at: list[str], places: dict[str, str]) -> None:
    result = run(target, *(part for place in at for part in ("--at", place)))
    assert result.exit_code == 0, result.output
    assert [start.at for start in screen] == [places]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["x", "+", "1"], "in quotes"),
        (["run", "train.py", "--epochs"], "gradtui train.py"),
        (["run", "model.py:loss"], "gradtui model.py:loss"),
        (["open", "of today.gradtui"], "gradtui 'of today.gradtui'"),
        (["x", "--jsn"], "--json"),
        (["x", "--updats", "3"], "--updates"),
        (["x", "--against", "y"], "No such option"),
        (["x", "--json", "--print"], "ask for one of them"),
        (["x", "--json", "--steps"], "ask for one of them"),
        (["x", "--dtype", "int8"], "float32"),
        (["x", "--at", "x=[1,"], "[1,"),
        (["x", "--at", "x=y"], "y is a variable"),
        (["x", "--at", "x=1/0"], "not a finite number"),
        (["x", "--at", "2=3"], "not a name"),
        (["x", "--at", "x=1", "--at", "x=2"], "twice"),
        (["x", "--at", "1", "--at", "2"], "no name"),
        (["w*x", "--at", "1"], "w, x"),
        (["x", "--at", "x=1", "--at", "2"], "which variable"),
        (["x", "--window", "3:1"], "LOW below HIGH"),
        (["x", "--window", "3"], "LOW:HIGH"),
        (["x", "--window", "[1,2]:3"], "LOW:HIGH"),
        (["x", "--step", "0"], "above 0"),
        (["-", "--print"], "--json"),
        (["-", "--steps"], "--json"),
        (["x", "--export", "graph.png"], ".tex .csv .gradtui"),
        (["-", "--export", "graph.dot"], "--json"),
        (["x", "--every", "5", "--print"], "--every: "),
        (["--at", "3", "--print", "train.py"], "--at: "),
        (["--device", "cpu", "--print", "train.py"], "--device: "),
        (["--order", "2", "--print", "train.py"], "--order: "),
        (["--taylor", "2", "train.py"], "--taylor: "),
        (["--export", "run.svg", "train.py"], ".json .csv .gradtui"),
        (["--steps", "train.py"], "many backward passes"),
        (["--dtype", "float64", "--print", "run.gradtui"], "--dtype: "),
        (["no/model.py:loss"], "no file no/model.py"),
        (["no/model.py"], "no file no/model.py"),
        (["x"], "needs a terminal"),
    ],
)
def test_bad_usage(arguments: list[str], says: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == ""


def test_a_complaint_does_not_repeat_a_whole_vector() -> None:
    result = run("sum(x)", "--at", f"x=[{'1.5, ' * 4000}]", "--print")
    assert result.exit_code == 2
    assert "[1.5, 1.5" in result.stderr
    assert "10,000" in result.stderr
    assert len(result.stderr) < 500


def test_what_the_help_promises(screen: list[Start]) -> None:
    """Each theme that it names is one, and each suffix."""
    told = " ".join(run("--help").output.split())
    named = re.search(r"Colours of the screen: (.*?) \.\.\.", told)
    assert named is not None
    themes = named[1].split(", ")
    assert "ansi" in themes
    for theme in themes:
        assert run("x", "--theme", theme).exit_code == 0, theme
    assert [start.theme in BUILTIN_THEMES for start in screen] == [True] * len(themes)
    assert " ".join(SUFFIXES) in told


def test_each_option_stands_under_one_heading() -> None:
    named = [name for names in TOPICS.values() for name in names]
    options = [one.name for one in command.params if isinstance(one, click.Option)]
    assert sorted(named) == sorted(map(str, options))
    told = run("--help").output.splitlines()
    places = [told.index(f"{heading}:") for heading in TOPICS]
    assert places == sorted(places)


def test_no_such_theme(screen: list[Start]) -> None:
    assert "textual-dark" in run("x", "--theme", "plaid").stderr
    assert screen == []


@pytest.mark.parametrize("arguments", [[], ["--print"], ["--json"], ["--steps"]])
def test_bad_expression(arguments: list[str]) -> None:
    """One message on stderr with a caret under the place; for programs also the error as JSON."""
    result = run("3x + * 2", *arguments)
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert lines[0].startswith("error: ")
    assert lines[1] == "  3x + * 2"
    assert lines[2].strip() == "^"
    assert "Traceback" not in result.stderr
    if "--json" in arguments:
        answer = json.loads(result.stdout)
        start = lines[2].index("^") - 2
        assert answer["schema"] == "gradtui/1"
        assert answer["expression"] == "3x + * 2"
        assert (answer["error"]["kind"], answer["error"]["start"]) == ("syntax", start)
    else:
        assert result.stdout == ""


@pytest.mark.parametrize("text", ["\x1b[31mred", "x\u202e + 1", "x + \ud800", "[red]x[/red]", "\x00", "", " "])
def test_hostile_text_is_shown_as_typed(text: str) -> None:
    result = run(text, "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["expression"] == text
    assert all(character.isprintable() or character == "\n" for character in result.stderr)


@pytest.mark.child
def test_instant() -> None:
    """`--help` loads nothing of what is slow, and so takes a fraction of a second on any machine."""
    code = """
import sys
from gradtui.command.cli import command
from gradtui.command.topics import TOPICS
command(["--help"], standalone_mode=False)
print("loaded:", *sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "textual", "sympy", "plotext", "asyncio", "msgspec"} & set(
        run.stdout.rpartition("loaded:")[2].split()
    )


@pytest.mark.parametrize(
    ("given", "at"),
    [
        (["x=1,y=2"], {"x": "1", "y": "2"}),
        (["x=1, y=2 ;z = 3"], {"x": "1", "y": "2", "z": "3"}),
        (["x₁=2,wᵢ=3"], {"x_1": "2", "w_i": "3"}),
        (["x=[1, 2],y=pi/2", "z=3"], {"x": "[1, 2]", "y": "pi/2", "z": "3"}),
        (["x=1, 2, 3"], {"x": "1, 2, 3"}),
        (["3, y=2", "z=1"], {"x": "3", "y": "2", "z": "1"}),
    ],
)
def test_several_values_in_one(given: list[str], at: dict[str, str], screen: list[Start]) -> None:
    assert run("x + y + z", *(word for one in given for word in ("--at", one))).exit_code == 0
    assert screen[0].at == at


@pytest.mark.parametrize("given", ["x=1,x=2", "x=1,y=", "x=1,2y=3", "x=,y=1", "x=1,y=2,"])
def test_several_values_that_are_none(given: str, screen: list[Start]) -> None:
    told = run("x + y", "--at", given)
    assert told.exit_code == 2
    assert ": :" not in told.stderr
    assert not screen
