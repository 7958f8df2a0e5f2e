"""`python -m gradtui.service.script RUN EVERY TARGET...`: runs a person's script and writes what its training does to RUN.

Standard streams, arguments and exit status are the script's own.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from gradtui.engine.watching import program

if TYPE_CHECKING:
    from gradtui.engine.watching.watch import Watch


def main() -> None:
    from gradtui.file.run_writing import RunWriter

    path, every, *target = sys.argv[1:]
    watches: list[Watch] = []
    try:
        file = open(path, "ab", buffering=0)  # noqa: SIM115 - until the process ends
        writer = RunWriter(
            path,
            what=target[0],
            arguments=target[1:],
            started=time.time(),
            file=file,
            rank=_told("RANK"),
            ranks=_told("WORLD_SIZE"),
        )
    except OSError as error:  # before the training, which may take hours
        sys.exit(f"gradtui: the run cannot be written: {error.strerror}")

    def arrived() -> None:
        from gradtui.engine.watching.watch import Watch

        watches.append(Watch(writer, int(every)))

    def failed(error: BaseException) -> None:
        for watch in watches:
            watch.failed(error)
        program.without_own(error)

    sys.meta_path.insert(0, program.Arrival(arrived))
    of_thread = threading.excepthook

    def failed_in_thread(args: threading.ExceptHookArgs) -> None:
        error = args.exc_value
        if error is not None:
            failed(error)
            args = threading.ExceptHookArgs((args.exc_type, error, error.__traceback__, args.thread))
        of_thread(args)

    threading.excepthook = failed_in_thread
    raised: BaseException | None = None
    try:
        program.run(target)
    except SystemExit:
        raise
    except BaseException as error:
        failed(error)
        raised = error
    finally:
        if os.getpid() == owner:
            for watch in watches:
                watch.close()
            writer.close()
    if raised is not None:
        _tell(raised)
        raise SystemExit(130 if isinstance(raised, KeyboardInterrupt) else 1)


def _tell(error: BaseException) -> None:
    """As Python tells what ends a program, and of a hook for that which raises itself."""
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except SystemExit:
        raise
    except BaseException as of_hook:
        program.without_own(of_hook)
        for title, one in ("Error in sys.excepthook:", of_hook), ("\nOriginal exception was:", error):
            print(title, file=sys.stderr)
            sys.__excepthook__(type(one), one, one.__traceback__)


def _told(name: str) -> int | None:
    """What torchrun tells each of its processes."""
    value = os.environ.get(name, "")
    return int(value) if value.isdecimal() else None


owner = os.getpid()

if __name__ == "__main__":
    main()
