"""`python -m tests.fuzz --inputs 1000000 --seed 1`: the language, for as long as it takes, and the figures."""

from __future__ import annotations

import argparse
import sys
import warnings

import torch

from tests.fuzz.run import Tally, run

EVERY = 10_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Throws texts at the language.")
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    tally = run(arguments.inputs, arguments.seed, _tell)
    print("\n".join(tally.lines()))
    return 1 if tally.failures else 0


def _tell(tally: Tally) -> None:
    if tally.inputs % EVERY == 0:
        print(f"{tally.lines()[0]}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
