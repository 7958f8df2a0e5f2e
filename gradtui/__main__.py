"""`gradtui`, and `python -m gradtui`."""

from __future__ import annotations

import sys


def main() -> None:
    """The command. ctrl+c while it is loaded ends it as quietly as later."""
    try:
        from gradtui.command import cli
    except KeyboardInterrupt:
        sys.exit(130)
    cli.main()


if __name__ == "__main__":
    main()
