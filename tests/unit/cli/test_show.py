"""`show`: one page with everything in it, that loads nothing and that no goal can break; bad input in one sentence."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lean_sidekick.cli import app
from lean_sidekick.search.trace import BatchRun, CandidateRun, Event, NodeMet, SearchBegan, event_line

NASTY = "⊢ \"</script><script>alert(1)</script>\" = '<!--' \u2028"


def trace_of(folder: Path, goal: str) -> Path:
    run = CandidateRun(text="simp <;> rfl", source="portfolio", score=-1.0, outcome="failed", message=goal)
    events: list[Event] = [
        SearchBegan(declaration="t", kind="mcts", seconds=1.0, merges_states=True),
        NodeMet(node=0, goals=(goal,), depth=0, cost=0.0, value=0.5, is_root=True, checks=0),
        BatchRun(node=0, seconds=0.5, candidates=(run,), waiting=2),
    ]
    path = folder / "trace.jsonl"
    path.write_text("".join(event_line(event) + "\n" for event in events), encoding="utf-8")
    return path


class Page(HTMLParser):
    """The elements of a page, and what stands in the one that holds the data."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.data = ""
        self._is_data = False
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self._is_data = ("id", "data") in attrs

    def handle_data(self, data: str) -> None:
        if self._is_data:
            self.data += data


def test_the_page_holds_the_search_and_loads_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = trace_of(tmp_path, NASTY)
    assert app.run(["show", str(trace)]) == 0
    text = (tmp_path / "trace.html").read_text(encoding="utf-8")
    page = Page(text)
    (search,) = json.loads(page.data)
    assert search["nodes"][0]["goals"] == [NASTY]
    assert search["batches"][0]["candidates"][0]["text"] == "simp <;> rfl"
    assert page.tags.count("script") == 2, "the data and our own: no goal begins another"
    assert not [name for name, _ in page.attributes if name in ("src", "href")]
    assert not re.search(r"https?://|import\(|fetch\(|XMLHttpRequest|innerHTML", text)
    assert "trace.html: 1 search" in capsys.readouterr().err


def test_the_page_can_go_elsewhere_and_never_over_the_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = trace_of(tmp_path, "⊢ p")
    before = trace.read_bytes()
    assert app.run(["show", str(trace), "--out", str(tmp_path / "page.htm")]) == 0
    assert (tmp_path / "page.htm").is_file()
    assert app.run(["show", str(trace), "--out", str(trace)]) == 2
    assert trace.read_bytes() == before
    assert "would replace the trace" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"hello\n", "is not a trace"), (b"\xff\xfe", "is not text"), (None, "cannot be read")]
)
def test_what_is_no_trace_gets_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, sentence: str
) -> None:
    path = tmp_path / "x.jsonl"
    if content is not None:
        path.write_bytes(content)
    assert app.run(["show", str(path)]) == 2
    error = capsys.readouterr().err
    assert sentence in error and error.count("\n") == 1
