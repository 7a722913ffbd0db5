"""Reports: what is shown, what may stand side by side, and that nothing a theorem says becomes markup."""

import base64
import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest
from attrs import evolve

from lean_sidekick.cli import app
from lean_sidekick.core.errors import ConfigError, InputError
from lean_sidekick.engine.api import ProofStatus
from lean_sidekick.evaluation import report_prove
from lean_sidekick.evaluation.data_sets import Selection, open_data_set
from lean_sidekick.evaluation.prove_run import summary
from lean_sidekick.evaluation.report_prove import sign_test
from lean_sidekick.evaluation.report_runs import read_runs
from lean_sidekick.evaluation.results import Attempt, TheoremResult, theorem_fields
from lean_sidekick.evaluation.run_folder import open_run_folder
from support.scripted_bench import scripted_run

EVIL = '<script>alert(1)</script> & "quotes" | `code`'
NAMES = ("first", "second", "third")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "theorems.jsonl"
    rows = [{"name": name, "statement": f"theorem {name} : True := by"} for name in NAMES]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without matplotlib, which takes most of the time."""

    def missing(*arguments: object) -> None:
        raise ConfigError("No figure was drawn: matplotlib is missing.")

    monkeypatch.setattr(report_prove, "draw_curves", missing)


def attempt(proof: str | None, *, seconds: float = 1.0, message: str = "") -> Attempt:
    return Attempt(
        seed=0,
        status=ProofStatus.PROVED if proof else ProofStatus.TIMED_OUT,
        proof=proof,
        axioms=(),
        seconds=seconds,
        checks=12,
        message=message,
        refused_by_final_check=0,
    )


def write_run(
    data: Path, out: Path, found: Mapping[str, Attempt], *, timeout_s: float = 10.0, seed: int = 7, every: int = 1
) -> Path:
    """A finished run with these results."""
    opened = open_data_set(data, Selection(every=every), None)
    run = scripted_run(opened, 1)
    configuration = evolve(run.configuration, timeout_s=timeout_s, seed=seed)
    record = evolve(run.record, configuration=configuration.as_fields())
    with open_run_folder(out, record, opened, restart=True) as folder:
        for index, item in enumerate(opened.items()):
            folder.add(index, theorem_fields(TheoremResult(name=item.name, attempts=(found[item.name],))))
        folder.sort()
        folder.finish(summary(out, record, configuration))
    return out


class Reader(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


def report(out: Path, *runs: Path) -> Reader:
    assert app.run(["report", *map(str, runs), "--out", str(out)]) == 0
    return Reader((out / "report.html").read_text(encoding="utf-8"))


@pytest.fixture
def two_runs(data: Path, tmp_path: Path) -> tuple[Path, Path]:
    late = attempt(None, message="no proof was found in 10 s; 3 goals are left")
    one = write_run(data, tmp_path / "one", {"first": attempt("simp"), "second": attempt(EVIL), "third": late})
    late = attempt(None, message="no proof was found in 9 s")
    two = write_run(data, tmp_path / "two", {"first": late, "second": attempt("rfl"), "third": late}, seed=8)
    return one, two


def test_the_page_is_whole_and_nothing_becomes_markup(two_runs: tuple[Path, Path], tmp_path: Path) -> None:
    page = report(tmp_path / "out", *two_runs)
    assert page.tags.count("script") == 1
    assert EVIL in page.text
    assert page.tags.count("details") == 2 * len(NAMES)
    outside = [found for found in page.references if not found.startswith(("#", "data:image/svg+xml;base64,"))]
    assert outside == [], "the page needs nothing but itself"
    pictures = [found for found in page.references if found.startswith("data:")]
    assert len(pictures) == 2
    assert all(b"<svg" in base64.b64decode(picture.partition(",")[2]) for picture in pictures)
    for name in ("proved-by-seconds-1", "proved-by-checks-1"):
        assert (tmp_path / "out" / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (tmp_path / "out" / "figures" / f"{name}.svg").is_file()
    text = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "![Share of theorems proved, by seconds a theorem.](figures/proved-by-seconds-1.svg)" in text


@pytest.mark.usefixtures("no_drawing")
def test_comparable_runs_stand_side_by_side_with_what_differs(two_runs: tuple[Path, Path], tmp_path: Path) -> None:
    text = report(tmp_path / "out", *two_runs).text
    assert "not all over the same theorems" not in text
    assert "Both prove 1; only one proves 1, only two proves 0." in text
    assert "no proof was found in … s" in text, "reasons are grouped without their numbers"
    written = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    tables = [block for section in written["sections"] for block in section["blocks"] if block["kind"] == "table"]
    (differs,) = [table for table in tables if table["title"] == "What differs"]
    assert differs["rows"] == [["seed", "7", "8"]]
    (difference,) = [table for table in tables if "how it ended in the other" in table["columns"]]
    assert difference["rows"] == [["first", "only one", "no proof was found in 9 s"]]


@pytest.mark.usefixtures("no_drawing")
@pytest.mark.parametrize("other", ["budget", "set"])
def test_runs_of_other_sets_or_budgets_are_not_put_side_by_side(data: Path, tmp_path: Path, other: str) -> None:
    found = {name: attempt("simp") for name in NAMES}
    one = write_run(data, tmp_path / "one", found)
    changed = {"timeout_s": 5.0} if other == "budget" else {"every": 2}
    two = write_run(data, tmp_path / "two", found, **changed)  # type: ignore[arg-type] # one of the two, by name
    text = report(tmp_path / "out", one, two).text
    assert "not all over the same theorems with the same budget" in text
    assert "group 1" in text and "group 2" in text
    assert "theorem by theorem" not in text
    written = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    for section in written["sections"][1:]:
        for block in section["blocks"]:
            if block["kind"] == "table":
                assert {row[0] for row in block["rows"]} & {"one", "two"} != {"one", "two"}


@pytest.mark.usefixtures("no_drawing")
def test_markdown_shows_the_same_figures(two_runs: tuple[Path, Path], tmp_path: Path) -> None:
    report(tmp_path / "out", *two_runs)
    text = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert re.search(r"^\| one \| 2 of 3 \| 66\.7 % ", text, re.MULTILINE)
    assert "**No figure was drawn: matplotlib is missing.**" in text
    assert "<script" not in text


def test_a_folder_of_runs_stands_for_those_in_it(data: Path, tmp_path: Path) -> None:
    found = {name: attempt("simp") for name in NAMES}
    for name in ("mcts", "best-first"):
        write_run(data, tmp_path / "curve" / name, found)
    assert [run.label for run in read_runs([tmp_path / "curve"])] == ["best-first", "mcts"]


def test_what_is_no_finished_run_is_said(data: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"there is no run\.json"):
        read_runs([tmp_path / "empty"])
    run = write_run(data, tmp_path / "one", {name: attempt("simp") for name in NAMES})
    with pytest.raises(InputError, match="named twice"):
        read_runs([run, run])
    (run / "summary.json").unlink()
    with pytest.raises(InputError, match="is not finished"):
        read_runs([run])


@pytest.mark.parametrize(
    ("wins", "losses", "probability"), [(0, 0, 1.0), (5, 0, 2 / 32), (3, 3, 1.0), (8, 1, 20 / 512), (1, 8, 20 / 512)]
)
def test_the_sign_test(wins: int, losses: int, probability: float) -> None:
    assert sign_test(wins, losses) == pytest.approx(probability)
