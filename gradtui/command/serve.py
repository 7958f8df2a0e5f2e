"""`gradtui --serve`: the explorer in a browser on this machine, by textual-serve. Each page has a process of its own.

Who else is on the network does not reach it; what other pages of the browser ask of it, or ask for by another name, is refused.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import click

from gradtui.snapshot.shell_words import shell_line

if TYPE_CHECKING:
    from aiohttp import web

HOST = "127.0.0.1"
POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' {socket}; frame-ancestors 'none'"
)
"""The page asks nothing of any other machine."""

Handler = Callable[["web.Request"], Awaitable["web.StreamResponse"]]


def served() -> bool:
    """Whether this process paints for such a page, and has no terminal of its own."""
    return "WebDriver" in os.environ.get("TEXTUAL_DRIVER", "")


def without_own(arguments: Sequence[str]) -> list[str]:
    """All but `--serve` and its port."""
    kept, waiting = [], False
    for one in arguments:
        if waiting and one.isdecimal():
            waiting = False
            continue
        waiting = one == "--serve"
        if not waiting and not one.startswith("--serve="):
            kept.append(one)
    return kept


def serve(arguments: Sequence[str], port: int) -> None:
    """Until ctrl+c. arguments: of the explorer that each page is to have."""
    try:
        from textual_serve.server import Server
    except ImportError:
        raise click.UsageError("--serve needs textual-serve: pip install 'gradtui[serve]'") from None
    from aiohttp import web

    address, socket = f"http://{HOST}:{port}", f"ws://{HOST}:{port}"

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.host != f"{HOST}:{port}" or request.headers.get("Origin", address) != address:
            raise web.HTTPForbidden(text="only the page of this address may ask")
        response = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = POLICY.format(socket=socket)
        return response

    class Guarded(Server):
        async def _make_app(self) -> web.Application:
            app = await super()._make_app()
            app.middlewares.append(guard)
            return app

    command = shell_line([sys.executable, "-m", "gradtui", *arguments])
    click.echo(f"gradtui at {address}, for this machine alone; ctrl+c ends it")
    Guarded(command, host=HOST, port=port, title="gradtui").serve()
