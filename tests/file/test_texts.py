"""What a file says is shown and printed: no text of it acts on a terminal, in whatever field it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from gradtui.file.header import FileError
from gradtui.file.snapshot_format import load, save
from gradtui.snapshot.model import Source
from tests.file.test_snapshot_format import EVERYTHING
from tests.hostile import ATTACK, Field, acting, holds, hostile, text_fields, texts

HELD = [field for field in text_fields() if holds(EVERYTHING, field)]
"""All but derivatives of higher order, which a file does not hold; `test_snapshot_format` sees to it that no other is missing."""


@pytest.mark.parametrize("field", HELD, ids=str)
def test_every_text_is_harmless(field: Field, tmp_path: Path) -> None:
    path, snapshot = tmp_path / "run.gradtui", hostile(EVERYTHING, field)
    assert any(acting(text, but="\n\t") for text in texts(snapshot))
    save(snapshot, path)
    found, written = list(texts(load(path))), list(texts(snapshot))
    assert [acting(text.replace("\r\n", "\n"), but="\n\t") for text in found] == [[]] * len(written)
    assert sorted(map(len, found)) == sorted(map(len, written))  # so that every offset stays


def test_text_as_people_write_it_stays(tmp_path: Path) -> None:
    """Lines, also those of Windows, indents, accents that are characters of their own, other scripts."""
    text = "def f(x):\r\n\treturn x  # e\u0301 नमस्ते שָׁלוֹם ḡ × 你好 🙂\n"
    snapshot = replace(EVERYTHING, files={"model.py": text}, printed=text, problem=None)
    save(snapshot, tmp_path / "run.gradtui")
    loaded = load(tmp_path / "run.gradtui")
    assert (loaded.files, loaded.printed) == ({"model.py": text}, text)


def test_two_names_that_would_look_the_same(tmp_path: Path) -> None:
    snapshot = replace(EVERYTHING, files={"a\u200b": "", "a\u200c": ""}, problem=None)
    save(snapshot, tmp_path / "run.gradtui")
    with pytest.raises(FileError, match="look the same"):
        load(tmp_path / "run.gradtui")
    (parameter, *_) = EVERYTHING.parameters.values()
    snapshot = replace(EVERYTHING, parameters={"w\u200b": parameter, "w\u200c": parameter})
    save(snapshot, tmp_path / "run.gradtui")
    with pytest.raises(FileError, match="look the same"):
        load(tmp_path / "run.gradtui")


def test_what_is_not_ours_is_not_quoted_raw(tmp_path: Path) -> None:
    """The name of the file is the person's; the sentence about it goes to a terminal."""
    path = tmp_path / "\x1b[31m.gradtui"
    path.write_text(ATTACK)
    with pytest.raises(FileError) as refused:
        load(path)
    assert acting(str(refused.value)) == []


def test_sources_stay_one_object(tmp_path: Path) -> None:
    """Many nodes have the same: a text that is made harmless is made so once."""
    source = Source("\x1b[31m", 0, 0, "\x1b.py", 1)
    nodes = tuple(replace(node, source=source) for node in EVERYTHING.graph.nodes)
    save(replace(EVERYTHING, graph=replace(EVERYTHING.graph, nodes=nodes)), tmp_path / "run.gradtui")
    loaded = load(tmp_path / "run.gradtui")
    assert len({id(node.source) for node in loaded.graph.nodes}) == 1
