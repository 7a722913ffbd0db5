"""`bench premises`: what a question may see, how figures are counted, and what is said of bad data."""

import json
import os
from pathlib import Path

import pytest

from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.premises_run import FUSION, PLAIN, run_premises
from lean_sidekick.evaluation.retrieval_metrics import figures, ndcg, percentile, recall, reciprocal_rank
from lean_sidekick.premises.labelled import exercise_questions, first_goal, read_library, read_theorems
from lean_sidekick.storage.json_lines import LINE_LIMIT

ELSEWHERE = os.environ.get("LEAN_SIDEKICK_DATA")
GOOD = '{"name": "a", "type": "T", "module": "M", "premises": []}'
ROWS = [
    {"name": "B.two", "module": "B", "type": "∀ (n : Nat), n + 0 = n", "premises": ["A.one", "B.one"], "line": 9},
    {"name": "B.one", "module": "B", "type": "∀ (n : Nat), 0 + n = n", "premises": [], "line": 5},
    {"name": "B.three", "module": "B", "type": "True", "premises": None, "line": 20},
    {"name": "B.made", "module": "B", "type": "True", "premises": ["B.one"], "written": False},
    {"name": "A.one", "module": "A", "type": "∀ (n m : Nat), n + m = m + n", "premises": ["gone"], "line": 3},
    {"name": "C.one", "module": "C", "type": "∀ (n : Nat), n * 1 = n", "premises": None, "line": 3},
]


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return write(tmp_path / "theorems.jsonl", ROWS)


@pytest.fixture
def imports(tmp_path: Path) -> Path:
    path = tmp_path / "imports.json"
    path.write_text(json.dumps({"A": [], "B": ["A"], "C": ["B"]}), encoding="utf-8")
    return path


def test_questions_see_imports_and_what_stands_above(library: Path, imports: Path) -> None:
    questions = {question.name: question for question in read_library(library, imports).questions()}
    assert set(questions) == {"B.two", "B.made", "A.one"}  # empty and withheld ones are not asked
    two = questions["B.two"].accessible
    assert two.modules == {"A"} and [one.full_name for one in two.above] == ["B.one"] and two.module == "B"
    made = questions["B.made"].accessible
    assert [one.full_name for one in made.above] == ["B.one", "B.two", "B.three"]


def test_without_imports_all_other_modules_are_seen(library: Path) -> None:
    assert all(question.accessible.modules is None for question in read_library(library, None).questions())


def test_no_question_ever_sees_itself_or_its_own_proof(library: Path, imports: Path) -> None:
    read = read_library(library, imports)
    for question in read.questions():
        assert question.name not in {premise.full_name for premise in question.accessible.above}
        assert question.accessible.module is not None
        assert question.accessible.module not in (question.accessible.modules or ())


def test_a_run_reports_every_way(library: Path, imports: Path) -> None:
    read = read_library(library, imports)
    ways = {one.way: one.groups["all"] for one in run_premises(tuple(read.corpus()), tuple(read.questions()))}
    assert {PLAIN, FUSION, "lexical", "symbols", "shape", "near", "proofs", "fusion without proofs"} == set(ways)
    assert ways[FUSION]["questions"] == 3
    # `gone` is in no corpus and counts as not found: of 1, 1/2 + 1/2 and 0 premises, two questions are complete.
    assert ways[FUSION]["recall@10"] == pytest.approx(66.67)


def test_exercises_are_asked_of_the_whole_library(tmp_path: Path) -> None:
    data = write(
        tmp_path / "dev.jsonl",
        [
            {"name": "swap", "statement": "theorem swap (a b : Nat) : a + b = b + a := by", "premises": ["A.one"]},
            {"name": "none", "statement": "theorem none : True := by", "premises": []},
        ],
    )
    (question,) = exercise_questions(read_theorems(data))
    assert question.goal.target == "a + b = b + a" and question.accessible.modules is None


def test_the_first_goal_has_its_binders_introduced() -> None:
    goal = first_goal("∀ {n : Nat} (h : 0 < n), n ≠ 0 → True")
    assert goal.text == "n : Nat\nh : 0 < n\n⊢ n ≠ 0 → True"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "holds no theorem"),
        ("[1]", "item 1: an object was expected"),
        ('{"type": "T", "module": "M"}', "line 1: `name` is missing"),
        (f"{GOOD}\n\n{GOOD}", "line 2: the line is empty"),
        (f"{GOOD}\n{GOOD}", "line 2: the name a stands already above"),
        (GOOD + "\n" + GOOD.replace("T", "x" * LINE_LIMIT), "line 2: the line is longer than 4 MB"),
        ('{"name": "a"}', "has a `type` and a `module`"),
        ('{"name": "a", "type": "T", "module": "M", "premises": "x"}', "`premises` is a list"),
        ("", "is empty"),
    ],
)
def test_bad_data_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_theorems(path)


def test_imports_that_miss_a_module_are_refused(library: Path, tmp_path: Path) -> None:
    path = tmp_path / "imports.json"
    path.write_text('{"A": []}', encoding="utf-8")
    with pytest.raises(InputError, match="does not say what B imports"):
        read_library(library, path)


def test_figures_are_those_of_the_definitions() -> None:
    ranked, used = ["x", "a", "y", "b"], frozenset({"a", "b", "c"})
    assert recall(ranked, used, 1) == 0 and recall(ranked, used, 2) == pytest.approx(1 / 3)
    assert reciprocal_rank(ranked, used) == 0.5 and reciprocal_rank(["x"], used) == 0
    ideal = 1 + 1 / 1.5849625 + 0.5
    assert ndcg(ranked, used, 10) == pytest.approx((1 / 1.5849625 + 1 / 2.3219281) / ideal)
    assert percentile([4, 1, 3, 2], 0.5) == 2 and percentile([4, 1, 3, 2], 0.95) == 4
    assert figures([(ranked, used), (["a", "b", "c"], used)], [0.001, 0.003])["recall@10"] == pytest.approx(83.33)


@pytest.mark.skipif(ELSEWHERE is None, reason="LEAN_SIDEKICK_DATA names no folder with the whole public sets")
def test_the_whole_files_of_labelled_theorems() -> None:
    library = read_library(Path(ELSEWHERE or "", "library-2021-07/theorems.jsonl"), None)
    assert len(library.theorems) == 1611 and library.seen_by is not None
    assert sum(theorem.premises is not None for theorem in library.theorems) == 575 + 347
    assert len(list(library.questions())) == 575
    assert len(read_theorems(Path(ELSEWHERE or "", "core_exercises/core_dev.jsonl"))) == 196
