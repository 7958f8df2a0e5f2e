"""What holds for all tests."""

from __future__ import annotations

import gc
import inspect
import itertools
import os
import signal
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

from tests import idle

# Threads that share what torch reckons wait for each other, busily, where other tests have the processors: a third of its time.
os.environ.setdefault("OMP_NUM_THREADS", "1")

gc.disable()  # while the tests are collected: nothing of it is garbage

# A job that a script starts with & is told to pass SIGINT over, one of nohup SIGHUP, and so would be every program of the tests.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

KEPT = Path(tempfile.mkdtemp(prefix="gradtui-tests-"))
"""What is set and remembered of one run is no matter of the next, nor of whoever runs the tests."""
NUMBERS = itertools.count()


def _nothing_kept() -> None:
    """Programs started from now on find no setting, and remember where no later test looks."""
    os.environ["XDG_STATE_HOME"] = os.environ["XDG_CONFIG_HOME"] = str(KEPT / str(next(NUMBERS)))


_nothing_kept()
for name in [name for name in os.environ if name.startswith("GRADTUI_")]:
    del os.environ[name]

CHECKOUT = Path(__file__).parents[1]
FOUND = set(os.listdir(CHECKOUT))
LEFT = pytest.StashKey[list[str]]()
OWN = {"snapshot_report.html", "__pycache__"}
"""What the tests' own tools write, where it has no dot before its name."""

# The suite tries the same inputs each time; new ones are looked for by hand, with --hypothesis-profile=default.
settings.register_profile("the same", derandomize=True)
settings.load_profile("the same")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that drives the screen is `long`: a start of the app takes a third of a second."""
    for item in items:
        if isinstance(item, pytest.Function) and (
            inspect.iscoroutinefunction(item.function) or "snap_compare" in item.fixturenames
        ):
            item.add_marker(pytest.mark.long)


def pytest_collection_finish() -> None:
    """The 12,000 tests and torch are not looked through again at each collection of garbage, nor is a screen while it grows."""
    gc.freeze()
    gc.set_threshold(200_000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Nor is what a file's tests have imported and leave behind: half a million objects, after a while."""
    done = yield
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        gc.freeze()
    return done


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that saves where it was started leaves its file to whoever commits next: the run fails."""
    left = sorted(name for name in set(os.listdir(CHECKOUT)) - FOUND - OWN if not name.startswith("."))
    if left and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        session.config.stash[LEFT] = left


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for name in config.stash.get(LEFT, ()):
        terminalreporter.write_line(f"LEFT in the checkout while the tests ran: {name}", red=True)


_parse_rules = Stylesheet._parse_rules
_parsed: dict[object, list[RuleSet]] = {}
_last: list[object] = [None, None]
"""The variables of the last sheet, which has some sixty sources, and what they are known by."""


def _parsed_once(sheet: Stylesheet, *source: object, **further: object) -> list[RuleSet]:
    """The apps of hundreds of tests have the same style sheets."""
    if sheet._variables is not _last[0]:
        _last[:] = sheet._variables, frozenset(sheet._variables.items())
    key = (source, *further.items(), _last[1])
    if key not in _parsed:
        _parsed[key] = _parse_rules(sheet, *source, **further)  # type: ignore[arg-type]
    return _parsed[key]


Stylesheet._parse_rules = _parsed_once  # type: ignore[method-assign,assignment]
idle.install()


@pytest.fixture(autouse=True)
def _each_test_alone() -> None:
    gc.enable()  # the command line turns it off until the first frame, which a test's stand-in for the screen never paints
    _nothing_kept()
