"""The explorer in a browser: for this machine alone, and for no other page of its browser."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import click
import pytest

from gradtui.command.cli import _require_terminal
from gradtui.command.serve import HOST, without_own


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
