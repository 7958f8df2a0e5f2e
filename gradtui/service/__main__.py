"""`python -m gradtui.service [--calculus] [--memory MIB] [--function FILE:NAME]`: the service on its standard pipes."""

from __future__ import annotations

import argparse
import os
import sys

from gradtui.snapshot.defaults import OWN_SECONDS

GIVES_WAY = 5
"""What is added to the niceness of the calculus: its answer comes after the others, and keys are heard before it."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m gradtui.service",
        description="Answers requests on its standard pipes; gradtui/service/protocol.py documents how.",
    )
    parser.add_argument("--calculus", action="store_true", help="differentiate with SymPy, not PyTorch")
    parser.add_argument("--memory", type=int, metavar="MIB", help="most address space, in MiB")
    parser.add_argument("--function", metavar="FILE:NAME", help="the one function of a file that may be run")
    parser.add_argument("--seconds", type=float, default=OWN_SECONDS, help="how long that function may run")
    arguments = parser.parse_args()

    if arguments.calculus and hasattr(os, "nice"):
        os.nice(GIVES_WAY)
    from gradtui.service.worker import serve

    memory = None if arguments.memory is None else arguments.memory * 2**20
    return serve(
        "calculus" if arguments.calculus else "torch",
        memory=memory,
        function=arguments.function,
        seconds=arguments.seconds,
    )


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    os._exit(status)  # taking torch apart again takes 0.1 s and is of no use to anyone
