"""The page for any browser: what stands in it, and in a real Chromium what it does."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from gradtui.calculus.derivative import derivatives
from gradtui.engine.typed.evaluate import evaluate
from gradtui.report.export import export
from gradtui.report.page.page import page
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Request, Snapshot
from tests import synthetic
from tests.file.test_snapshot_format import EVERYTHING
from tests.report.page.browser import Browser, program
from tests.report.test_export import ATTACKS, hostile

needs_browser = pytest.mark.skipif(program() is None, reason="there is no Chromium here to try the page in")


def made(expression: str = "x^2 + 3x + 1") -> Snapshot:
    request = Request(1, expression, {"x": 4.0}, along=("x", 0), curve=CurveRequest("x", (-10.0, 10.0), key="c"))
    return replace(evaluate(request), derivative=derivatives(request))


class Elements(HTMLParser):
    """The elements of a page, their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_one_file_without_a_network() -> None:
    written = page(made())
    assert len(written.encode()) < 300_000
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", written)
    for tag, attributes in Elements(written).found:
        assert not {"src", "href", "onclick", "onload", "srcset"} & attributes.keys(), tag


def test_readable_by_a_screen_reader() -> None:
    elements = Elements(page(made())).found
    tags = [tag for tag, _ in elements]
    assert dict(elements)["html"] == {"lang": "en"}
    assert tags.count("h1") == 1
    for tag, attributes in elements:
        if tag == "svg":
            assert attributes["role"] == "img"
            assert attributes["aria-label"]
        if tag == "section":
            assert attributes["aria-label"]
        if tag == "input":
            assert attributes["aria-label"]
        if tag == "th":
            assert attributes["scope"] in ("col", "row")
    assert any(attributes.get("aria-live") == "polite" for _, attributes in elements)


@pytest.mark.parametrize("attack", [*ATTACKS, "</script><script>alert(1)</script>"])
def test_text_stays_text(attack: str) -> None:
    """Also a person's that would end the script in which it stands."""
    plain, hurt = (Elements(page(hostile(text))) for text in ("plain", attack))
    assert [tag for tag, _ in hurt.found] == [tag for tag, _ in plain.found]


@pytest.mark.parametrize(
    "snapshot",
    [
        lambda: EVERYTHING,
        lambda: evaluate(Request(1, "5 + 5")),
        lambda: evaluate(Request(1, "sum(x^2)", {"x": (1.0, 2.0)})),
        lambda: evaluate(Request(1, "1/x", {"x": 0.0})),
        lambda: synthetic.bert(12),
        lambda: synthetic.recurrence(2000),
    ],
    ids=["everything", "constant", "vector", "infinite", "a model", "6,000 nodes"],
)
def test_any_snapshot_is_a_page(snapshot: object) -> None:
    assert callable(snapshot)
    given = snapshot()
    written = page(given)
    assert len(written.encode()) < 300_000
    elements = Elements(written)
    assert elements.text.count("no fault found") <= 1
    film = [tag for tag, attributes in elements.found if attributes.get("id") == "moments"]
    ran = sum(node.step is not None for node in given.graph.nodes)
    assert bool(film) == (0 < len(given.graph.nodes) <= 500 and ran > 0)


@needs_browser
@pytest.mark.child
@pytest.mark.long
def test_in_a_browser(tmp_path: Path) -> None:
    """Keys, buttons and a click step through backward; what has not run shows no gradient; nothing is asked of a network."""
    path = tmp_path / "page.html"
    export(made(), str(path))
    with Browser(tmp_path / "profile") as browser:
        browser.open(path.as_uri())
        grad = "[...document.querySelectorAll('.graph .grad')].map(e => getComputedStyle(e).visibility === 'visible')"
        title, total = "document.getElementById('title').textContent", "document.getElementById('sum').textContent"
        assert browser.ask(grad) == [False] * 5
        for done in range(1, 6):
            browser.press("ArrowRight" if done % 2 else "n")
            assert browser.ask(title).startswith(f"step {done} of 5")
            assert sum(browser.ask(grad)) == done
            assert browser.ask(total) in ("11", ""), "f' at every moment"
        browser.press("ArrowRight")
        assert browser.ask("document.getElementById('next').disabled"), "that was the last"
        cells = "[...document.querySelectorAll('tr[data-node]')].map(row => row.cells[4].textContent)"
        assert browser.ask(cells)[-1] == "11"
        browser.press("p")
        assert browser.ask(title).startswith("step 4 of 5")
        browser.click("#start")
        assert browser.ask(title).startswith("before")
        assert browser.ask(cells) == ["–"] * 5
        browser.click(".graph [data-node='3']")
        assert "PowBackward0" in browser.ask(title)
        browser.click("#play")
        browser.wait(f"{title}.startsWith('step 5')")
        assert browser.ask("location.hash") == "#5"
        colour = "getComputedStyle(document.body).backgroundColor"
        light = browser.ask(colour)
        browser.dark(True)
        assert browser.ask(colour) != light
        browser.click("#theme")
        assert browser.ask(colour) == light
        browser.resize(390, 800)
        assert browser.ask("document.documentElement.scrollWidth") <= 390, "nothing is cut on a telephone"
        assert browser.requests == []
        assert browser.said == []


def test_moments_are_data() -> None:
    written = page(made())
    film = json.loads(re.findall(r'id="moments">(.*?)</script>', written)[0])
    assert [one["node"] for one in film] == [None, 0, 1, 2, 3, 4] or len(film) == 6
    assert {one["cut"]["sum"] for one in film if one["cut"]} == {"11"}
