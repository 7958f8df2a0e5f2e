"""A real Chromium without a window, driven by its own protocol over two pipes: keys, clicks, and what the page says then."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 60.0
KEYS = {"ArrowRight": 39, "ArrowLeft": 37, "Home": 36, "End": 35, " ": 32, "Enter": 13}

Json = dict[str, Any]


def program() -> str | None:
    """Where one is, if there is one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """`requests`: every address that the page asked for, apart from the one it was opened at. `received`, `sent`: what went
    over its sockets, bytes in base64."""

    def __init__(self, profile: Path, *, width: int = 1200, height: int = 900) -> None:
        command = program()
        assert command is not None
        inward, outward = os.pipe(), os.pipe()
        options = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe")
        self._process = subprocess.Popen(
            [command, *options, f"--user-data-dir={profile}", f"--window-size={width},{height}", "about:blank"],
            preexec_fn=lambda: _pass_on(inward[0], outward[1]),
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(inward[0])
        os.close(outward[1])
        self._write, self._read = inward[1], outward[0]
        self._buffer, self._last, self._session = b"", 0, ""
        self.requests: list[str] = []
        self.said: list[Json] = []
        self.received: list[str] = []
        self.sent: list[str] = []
        targets = self._call("Target.getTargets")["targetInfos"]
        page = next(one["targetId"] for one in targets if one["type"] == "page")
        self._session = self._call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._write)
        os.close(self._read)

    def open(self, address: str) -> None:
        self.requests.clear()
        self._call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete'")
        self.requests = [one for one in self.requests if one.partition("#")[0] != address.partition("#")[0]]

    def ask(self, script: str) -> Any:
        """The value of an expression in the page."""
        told = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def wait(self, script: str) -> None:
        limit = time.monotonic() + PATIENCE
        while not self.ask(f"Boolean({script})"):
            assert time.monotonic() < limit, f"never came true: {script}"
            time.sleep(0.05)

    def press(self, key: str) -> None:
        text = {"text": key} if len(key) == 1 else {}
        code = KEYS.get(key, ord(key[0].upper()))
        for kind in ("keyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text)

    def click_at(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def click(self, selector: str) -> None:
        box = f"document.querySelector({selector!r})"
        self.ask(f"{box}.scrollIntoView({{block: 'center'}})")
        x, y = self.ask(
            f"(() => {{ const b = {box}.getBoundingClientRect(); return [b.x + b.width/2, b.y + b.height/2]; }})()"
        )
        self.click_at(x, y)

    def dark(self, wanted: bool) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if wanted else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def resize(self, width: int, height: int) -> None:
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def _call(self, method: str, **parameters: Any) -> Json:
        self._last += 1
        message: Json = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._last:
                assert "error" not in told, (method, told)
                result: Json = told["result"]
                return result
            if told.get("method") == "Network.requestWillBeSent":
                self.requests.append(told["params"]["request"]["url"])
            elif told.get("method") == "Network.webSocketFrameReceived":
                self.received.append(told["params"]["response"]["payloadData"])
            elif told.get("method") == "Network.webSocketFrameSent":
                self.sent.append(told["params"]["response"]["payloadData"])
            elif told.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.said.append(told["params"])

    def _next(self) -> Json:
        limit = time.monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0.0, limit - time.monotonic()))
            assert ready, "the browser says nothing"
            data = os.read(self._read, 65536)
            assert data, "the browser has ended"
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        told: Json = json.loads(message)
        return told


def _pass_on(reads: int, writes: int) -> None:
    """As descriptors 3 and 4, where Chromium looks for them."""
    reads, writes = os.dup(reads), os.dup(writes)  # neither may be closed by what takes its place
    high = max(reads, writes, 10)
    spare = os.dup2(reads, high + 1), os.dup2(writes, high + 2)
    os.dup2(spare[0], 3)
    os.dup2(spare[1], 4)
