"""How long a process has been ready to run while others had the processors."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

NANOSECONDS = 1e9


def waited(pid: int) -> float:
    """Seconds that its main thread has waited for a processor so far; 0 where the system does not tell, as macOS."""
    with suppress(OSError, ValueError, IndexError):
        return (
            int(Path(f"/proc/{pid}/schedstat").read_text(encoding="utf-8", errors="replace").split()[1]) / NANOSECONDS
        )
    return 0.0
