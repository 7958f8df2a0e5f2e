"""A file that is written from the screen."""

from __future__ import annotations

import asyncio
import os

from gradtui.snapshot.curve import Curve
from gradtui.snapshot.model import Snapshot


async def write(shown: Snapshot, path: str, *, plain: bool, other: Curve | None = None) -> str:
    """Write a file, in a thread; what is wrong, in a sentence, or nothing."""
    from gradtui.report.export import ExportError, export  # not wanted before the first paint

    try:
        await asyncio.to_thread(export, shown, os.path.expanduser(path), plain=plain, other=other)
    except ExportError as error:
        return str(error)
    except OSError as error:
        return f"{path}: {error.strerror}"
    return ""
