"""The explorer in a browser: for this machine alone, and for no other page of its browser."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pyte
import pytest

from gradtui.command.cli import _require_terminal
from gradtui.command.serve import HOST, without_own
from tests.report.page.browser import PATIENCE, Browser, program

needs_browser = pytest.mark.skipif(program() is None, reason="no Chromium here")
PRIVATE = re.compile(rb"\x1b\[[?=>][0-9;]*[$a-zA-Z][a-zA-Z]?")
"""Sequences about the terminal itself, which paint nothing."""


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["--serve"], []),
        (["x^2", "--serve", "8001", "--at", "3"], ["x^2", "--at", "3"]),
        (["--serve=8001", "x^2"], ["x^2"]),
        (["--serve", "--at", "3", "x"], ["--at", "3", "x"]),
        (["--at", "8001"], ["--at", "8001"]),
    ],
)
def test_the_pages_own_arguments(given: list[str], kept: list[str]) -> None:
    assert without_own(given) == kept


def test_a_page_is_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(click.UsageError):
        _require_terminal()
    monkeypatch.setenv("TEXTUAL_DRIVER", "textual.drivers.web_driver:WebDriver")
    _require_terminal()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = int(free.getsockname()[1])
    command = (sys.executable, "-m", "gradtui", "x^2", "--serve", str(port))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            limit = time.monotonic() + 60
            while _status(port) is None:
                assert process.poll() is None
                assert time.monotonic() < limit, "it never listens"
                time.sleep(0.05)
            yield port
        finally:
            os.kill(process.pid, signal.SIGTERM)


def _status(port: int, path: str = "/", **headers: str) -> int | None:
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
    except OSError:
        return None
    finally:
        connection.close()
    if response.status == 200:
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    return response.status


@pytest.mark.child
@pytest.mark.long
def test_only_its_own_page_may_ask(port: int) -> None:
    address = f"http://{HOST}:{port}"
    assert _status(port) == 200
    assert _status(port, Origin=address) == 200
    for path in ("/", "/ws", "/static/js/textual.js"):
        assert _status(port, path, Host=f"evil.example:{port}") == 403, "another name for this machine"
        assert _status(port, path, Origin="http://evil.example") == 403, "another page of the browser"


@pytest.mark.child
@pytest.mark.long
def test_nobody_else_reaches_it(port: int) -> None:
    listening = subprocess.run(["cat", "/proc/net/tcp"], capture_output=True, text=True, check=True).stdout
    found = [line.split()[1] for line in listening.splitlines() if f":{port:04X} " in line and line.split()[3] == "0A"]
    assert found == [f"0100007F:{port:04X}"], "on the loopback address alone"


class Shown:
    """What a terminal of the page's size has painted of all that the page has received."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.columns, self.lines = self.size()
        self._screen = pyte.Screen(self.columns, self.lines)
        self._stream, self._fed = pyte.ByteStream(self._screen), 0

    def size(self) -> tuple[int, int]:
        """That the page has told last."""
        self.until(lambda: any(frame.startswith('["resize"') for frame in self._browser.sent))
        told = [json.loads(frame)[1] for frame in self._browser.sent if frame.startswith('["resize"')]
        return told[-1]["width"], told[-1]["height"]

    def text(self) -> str:
        for frame in self._browser.received[self._fed :]:
            if not frame.startswith("["):
                self._stream.feed(PRIVATE.sub(b"", base64.b64decode(frame)))
        self._fed = len(self._browser.received)
        return "\n".join(self._screen.display)

    def until(self, condition: Callable[[], bool]) -> None:
        limit = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < limit, self.text()
            self._browser.ask("new Promise(done => setTimeout(done, 50))")

    def has(self, words: str) -> None:
        self.until(lambda: words in self.text())


@needs_browser
@pytest.mark.child
@pytest.mark.long
def test_in_a_browser(port: int, tmp_path: Path) -> None:
    """The first frame, a key, a click into the line, typing, and another size of the window."""
    with Browser(tmp_path / "profile", width=1200, height=700) as browser:
        browser.open(f"http://{HOST}:{port}/")
        page = Shown(browser)
        page.has("PowBackward0")
        line = next(number for number, text in enumerate(page.text().splitlines()) if "x^2" in text)
        left, top, width, height = browser.ask(
            "(b => [b.x, b.y, b.width, b.height])(document.querySelector('.xterm-screen').getBoundingClientRect())"
        )
        row, column = height / page.lines, width / page.columns
        assert "x = 4.1" not in page.text()
        browser.click_at(left + 20 * column, top + height - row / 2)
        browser.press("ArrowRight")
        page.has("x = 4.1")
        browser.click_at(left + 20 * column, top + (line + 0.5) * row)
        for key in "+3x":
            browser.press(key)
        page.has("MulBackward0")
        assert "x^2+3x" in page.text()
        browser.received.clear()
        browser.resize(700, 900)
        page.until(lambda: page.size() != (page.columns, page.lines))
        narrow = Shown(browser)
        assert narrow.columns < page.columns < 2 * narrow.columns
        narrow.has("x^2+3x")
        narrow.has("MulBackward0")
