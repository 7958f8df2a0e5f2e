"""A watch within one of several processes that train together says which one it is, whoever started it."""

from __future__ import annotations

from pathlib import Path

from torch import distributed, nn

import gradtui


def test_which_process_it_is(tmp_path: Path) -> None:
    with gradtui.watch(nn.Linear(2, 1)) as watch:
        pass
    assert (watch.run.rank, watch.run.ranks) == (None, None)
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meeting", rank=0, world_size=1)
    try:
        with gradtui.watch(nn.Linear(2, 1)) as watch:
            pass
    finally:
        distributed.destroy_process_group()
    assert (watch.run.rank, watch.run.ranks) == (0, 1)
