"""A training step that is watched, against the plain one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from typing import Any

from tests.benchmarks.measure import alternating, timed
from tests.benchmarks.table import Other, Row

WIDTH, LAYERS, HEADS, WORDS, BATCH, LENGTH = 256, 4, 4, 50_257, 4, 128
STEPS, RUNS = 3, 5


def rows() -> Iterator[Row]:
    import torch

    from gradtui.engine.watching.watch import Watch
    from gradtui.file.run_writing import RunWriter

    model = gpt2(torch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    words = torch.randint(0, WORDS, (BATCH, LENGTH + 1))

    def step() -> None:
        loss = torch.nn.functional.cross_entropy(model(words[:, :-1]).flatten(0, 1), words[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    def steps() -> None:
        for _ in range(STEPS):
            step()

    def watched() -> float:
        with tempfile.TemporaryDirectory() as folder:
            watch = Watch(RunWriter(os.path.join(folder, "run.gradtui")))
            step()
            seconds = timed(steps)()
            watch.close()
        return seconds

    ours, bare = alternating(watched, timed(steps), runs=RUNS)
    what = f"a watched step of GPT-2 ({LAYERS} layers, width {WIDTH}, batch {BATCH}x{LENGTH})"
    yield Row(what, ours / STEPS, floor=Other(bare / STEPS, "plain torch"), bar=1.1, of="floor")


def gpt2(torch: Any) -> Any:
    """In plain torch, with the words of GPT-2 and its tied head."""
    nn = torch.nn

    class Block(nn.Module):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.attention, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.wide, self.narrow = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
            self.dropout = nn.Dropout(0.1)

        def forward(self, x: Any) -> Any:
            batch, length, width = x.shape
            parts = self.attention(self.first(x)).view(batch, length, 3, HEADS, width // HEADS)
            query, key, value = parts.permute(2, 0, 3, 1, 4)
            seen = nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
            x = x + self.dropout(self.out(seen.transpose(1, 2).reshape(batch, length, width)))
            return x + self.dropout(self.narrow(nn.functional.gelu(self.wide(self.second(x)))))

    class Model(nn.Module):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.words, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(LENGTH, WIDTH)
            self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
            self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WORDS, bias=False)
            self.head.weight = self.words.weight

        def forward(self, words: Any) -> Any:
            x = self.words(words) + self.places(torch.arange(words.shape[1]))
            return self.head(self.norm(self.blocks(x)))

    return Model()
