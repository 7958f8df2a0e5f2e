"""Every argument and option of the command, as click reads it, and what was given; `topics` has them under headings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gradtui import __version__
from gradtui.command import option_values, topics
from gradtui.command.training import MOST_UPDATES
from gradtui.settings.keymaps import KEYMAPS
from gradtui.snapshot.defaults import STEP, WINDOW
from gradtui.snapshot.highest_order import MOST_DEGREE, MOST_ORDER

if TYPE_CHECKING:
    from gradtui.command.print_or_export import Form
    from gradtui.snapshot.model import Device, Dtype

OPTIONS = (
    click.argument("target", nargs=-1, type=click.UNPROCESSED),
    click.option(
        "--at", "places", multiple=True, metavar="X=VALUE", help="Where x stands: x=4, x=pi/2, x=[2.1, 5.4]; x=1,y=2."
    ),
    click.option("--print", "as_text", is_flag=True, help="Print one text report; no screen."),
    click.option("--json", "as_json", is_flag=True, help="Print the same for programs; no screen."),
    click.option("--steps", "as_steps", is_flag=True, help="Print the whole backward pass, step by step; no screen."),
    click.option(
        "--plain", is_flag=True, help="The session in sentences, without a screen: keys line by line on stdin."
    ),
    click.option(
        "--export",
        metavar="FILE",
        help="Write to a file: .dot .mmd .svg .chart.svg .html .json .py .tex .csv .gradtui.",
    ),
    click.option("--dtype", type=click.Choice(["float32", "float64"]), help="[default: float32]"),
    click.option("--device", type=click.Choice(["cpu", "cuda", "mps"]), default="cpu", show_default=True),
    click.option(
        "--window", metavar="LOW:HIGH", help=f"The x-axis of the chart.  [default: {WINDOW[0]:g}:{WINDOW[1]:g}]"
    ),
    click.option("--step", metavar="STEP", help=f"How far one key press moves x.  [default: {STEP}]"),
    click.option("--theme", metavar="NAME", help="Colours of the screen: dark, light, ansi, nord ..."),
    click.option("--vocabulary", type=click.Choice(["torch", "plain"]), help="Names of nodes: MulBackward0, or · 3."),
    click.option("--mouse/--no-mouse", default=None, help="Whether the screen takes clicks and the wheel."),
    click.option("--keymap", type=click.Choice([*KEYMAPS]), help="A set of keys; config.toml takes single ones."),
    click.option(
        "--settings", "show_settings", is_flag=True, help="Print the settings that hold, and where each is from."
    ),
    click.option("--optimizer", metavar="TEXT", help='As torch spells it: "Adam(lr=0.1, betas=(0.9, 0.99))".'),
    click.option("--train", metavar="W,B", help="The variables that move.  [default: all that are no data]"),
    click.option("--updates", type=click.IntRange(1, MOST_UPDATES), metavar="N", help="Make so many updates."),
    click.option(
        "--data", metavar="FILE", help="Columns of data: a header line, then numbers; f is averaged over rows."
    ),
    click.option("--batch", type=click.IntRange(1), metavar="N", help="Rows of data for each update.  [default: all]"),
    click.option("--seed", type=click.IntRange(0, 2**63 - 1), metavar="N", help="Of the order of the rows in batches."),
    click.option(
        "--serve",
        type=click.IntRange(1, 65535),
        is_flag=False,
        flag_value=8000,
        metavar="[PORT]",
        help="The explorer in a browser of this machine; needs gradtui[serve].  [port: 8000]",
    ),
    click.option(
        "--schema",
        type=click.Choice(["answers", "config"]),
        is_flag=False,
        flag_value="answers",
        is_eager=True,
        expose_value=False,
        callback=option_values.print_schema,
        help="Print the JSON Schema of what --json prints, or of config.toml.",
    ),
    click.option(
        "--every", type=click.IntRange(0), default=0, metavar="N", help="Of a script, a Snapshot every N updates."
    ),
    click.option(
        "--order",
        type=click.IntRange(1, MOST_ORDER),
        metavar="N",
        help=f"Derivatives up to this order, 1 to {MOST_ORDER}.",
    ),
    click.option(
        "--taylor",
        type=click.IntRange(0, MOST_DEGREE),
        metavar="N",
        help="Degree of Taylor's polynomial.  [default: the order]",
    ),
    click.version_option(__version__, message="gradtui %(version)s"),
    click.option(
        "--help",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=topics.show,
        help="Show this message and exit.",
    ),
)


class Given(NamedTuple):
    """What was given on the command line, by the names above."""

    target: tuple[str, ...]
    places: tuple[str, ...]
    as_text: bool
    as_json: bool
    as_steps: bool
    plain: bool
    export: str | None
    dtype: Dtype | None
    device: Device
    window: str | None
    step: str | None
    theme: str | None
    vocabulary: str | None
    mouse: bool | None
    keymap: str | None
    show_settings: bool
    serve: int | None
    optimizer: str | None
    train: str | None
    updates: int | None
    data: str | None
    batch: int | None
    seed: int | None
    every: int
    order: int | None
    taylor: int | None

    @property
    def form(self) -> Form | None:
        """Of an answer on stdout; None for the screen, or for a file alone."""
        return "text" if self.as_text else "json" if self.as_json else "steps" if self.as_steps else None

    @property
    def wants_no_screen(self) -> bool:
        return self.form is not None or self.export is not None

    @property
    def trains(self) -> bool:
        return any(one is not None for one in (self.optimizer, self.train, self.updates, self.batch, self.seed))

    def check_answers(self) -> None:
        """Refuse two answers at once."""
        if self.as_text + self.as_json + self.as_steps > 1:
            raise click.UsageError("--print, --json and --steps are different answers: ask for one of them")
        if self.plain and (self.form or self.export):
            raise click.UsageError("--plain is a session and no report: ask for one of them")


OF_A_FUNCTION = frozenset(
    {"places", "dtype", "device", "optimizer", "train", "updates", "data", "batch", "seed", "order", "taylor"}
)
"""Those that say where and how a function is evaluated."""


def declared(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes all of them."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function
