"""Runs each script of tests/cases/runs in a fork of a process that has torch, plain and watched: a line of JSON for each."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import torch

from gradtui.engine import working_folder
from gradtui.engine.watching import program
from gradtui.engine.watching.watch import Watch
from gradtui.file.run_writing import RunWriter

SCRIPTS = Path(__file__).parents[2] / "cases" / "runs"


def forked(target: list[str], run: str | None) -> tuple[int, str]:
    """The exit status of a script, and what it printed."""
    with tempfile.TemporaryFile("w+") as out:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            status = 1
            watch = None if run is None else Watch(RunWriter(run, what=target[0]))
            try:
                program.run(target)
                status = 0
            except SystemExit as error:
                status = error.code if isinstance(error.code, int) else int(error.code is not None)
            except Exception:
                status = 1
            finally:
                if watch is not None:
                    watch.close()
                sys.stdout.flush()
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        return status, out.read()


def main() -> None:
    torch.set_num_threads(1)
    torch.optim.SGD([torch.zeros(1, requires_grad=True)]).step()  # loads what every optimizer needs
    os.chdir(SCRIPTS)
    working_folder.HERE = os.getcwd()
    for case in json.loads(Path("expected.json").read_text()):
        target, run = [case["file"], *case["args"]], os.path.join(sys.argv[1], case["file"] + ".gradtui")
        print(json.dumps([case["file"], forked(target, None), forked(target, run)]), flush=True)


if __name__ == "__main__":
    main()
