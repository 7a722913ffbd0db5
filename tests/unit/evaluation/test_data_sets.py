"""Benchmark files: every format is read, everything damaged is one clear error with file and line."""

import json
import os
import re
from pathlib import Path

import pytest

from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.data_sets import DataSet, Selection, open_data_set
from lean_sidekick.evaluation.extraction.layout import write_benchmark
from lean_sidekick.evaluation.items import MINIF2F_DEFECTS, Format
from lean_sidekick.storage.json_lines import ITEM_LIMIT, LINE_LIMIT
from support.made_up_traces import ORIGIN, MadeUpProject

DATA = Path(__file__).parents[2] / "data" / "benchmarks"
GOOD = '{"name": "a", "statement": "theorem a : True := by"}\n'
ELSEWHERE = os.environ.get("LEAN_SIDEKICK_DATA")


def opened(path: Path, split: str = "", every: int = 1, project: Path | None = None) -> DataSet:
    return open_data_set(path, Selection(split=split, every=every), project)


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "data.jsonl"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_minif2f_with_its_header_and_known_defects() -> None:
    data = opened(DATA / "minif2f" / "minif2f.jsonl")
    items = {item.name: item for item in data.items()}
    assert data.kind is Format.FORMAL_STATEMENT
    assert data.origins[0].repository == "github.com/yangky11/miniF2F-lean4"
    assert data.origins[0].commit.startswith("5746b7d6")
    assert data.origins[0].licence == "MIT (LICENSE)"
    assert data.defective == 2
    assert items["mathd_algebra_314"].defect == MINIF2F_DEFECTS["mathd_algebra_314"]
    plain = items["mathd_numbertheory_85"]
    assert plain.defect == ""
    assert plain.text.startswith("import Mathlib\n\nset_option maxHeartbeats 0\n\nopen BigOperators")
    assert plain.text.endswith(":= by\n")
    assert "sorry" not in plain.text


def test_a_split_and_every_nth() -> None:
    path = DATA / "minif2f" / "minif2f.jsonl"
    both = [item.name for item in opened(path).items()]
    test = [item.name for item in opened(path, split="test").items()]
    valid = [item.name for item in opened(path, split="valid").items()]
    assert sorted(test + valid) == sorted(both)
    assert test and valid
    assert [item.name for item in opened(path, every=2).items()] == both[::2]
    assert opened(path, every=2).count == len(both[::2])
    with pytest.raises(InputError, match="no item of the split dev"):
        opened(path, split="dev")


def test_proofnet_statements_get_a_tactic_block() -> None:
    items = list(opened(DATA / "proofnet" / "proofnet_lean4.jsonl").items())
    assert len(items) == 2
    for item in items:
        assert item.text.endswith(":= by\n")
        assert "informal" not in item.text and "Prove that" not in item.text


def test_minicodeprops_with_the_definitions_it_depends_on() -> None:
    items = list(opened(DATA / "minicodeprops" / "minicodeprops_bench_ps.jsonl").items())
    assert [item.name for item in items] == ["prop_01", "prop_06", "prop_18"]
    assert items[0].text == (
        "import Mathlib\n\ntheorem prop_01 (n: Nat) (xs: List α) :\n List.take n xs ++ List.drop n xs = xs:= by\n"
    )


def test_a_set_of_our_own() -> None:
    data = opened(DATA / "made-up" / "theorems.jsonl")
    assert (data.kind, data.count, data.defective) == (Format.STATEMENT, 3, 0)
    assert next(data.items()).text == "theorem both (p q : Prop) (hp : p) (hq : q) : p ∧ q := by\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("[]", "is an empty array"),
        (GOOD + "\n" + GOOD.replace('"a"', '"b"'), "line 2: the line is empty"),
        (GOOD + '{"name": "b", "statement"', "line 2: not JSON"),
        (GOOD + "[1]\n", "line 2: an object was expected"),
        (GOOD + "[" * 100_000 + "\n", "line 2: not JSON"),
        (GOOD.encode() + b'{"name": "\xff"}\n', "line 2: not UTF-8 text"),
        (GOOD + '{"name": "b", "statement": "' + "x" * LINE_LIMIT + '"}\n', "line 2: the line is longer than 4 MB"),
        (GOOD + GOOD.replace("True", "1 = 1"), "line 2: the name a stands already at line 1"),
        (GOOD + '{"statement": "theorem b : True := by"}\n', "line 2: `name` is missing"),
        (GOOD + '{"name": 3, "statement": "theorem b : True := by"}\n', "line 2: `name` is missing or no text"),
        (GOOD + '{"name": "b", "statement": null}\n', "line 2: `statement` is missing"),
        (GOOD + '{"name": "b", "statement": "theorem b : True"}\n', "line 2: the statement does not end in `:= by`"),
        (GOOD + '{"name": "b", "statement": "theorem b : True := trivial by"}\n', "line 2: the statement does not end"),
        (GOOD + '{"name": "b", "statement": "theorem b : True := by", "header": 1}\n', "line 2: `header` is no text"),
        ('{"theorem": "x"}\n', "line 1: no theorem to prove"),
        (
            '{"name": "x", "library": "core", "type": "True", "statement": "theorem x : True"}\n',
            "line 1: theorems of a",
        ),
        ('{"theorem": "x", "state_before": "⊢ True", "tactic": "trivial"}\n', "line 1: steps of proofs"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        opened(path)
    assert str(caught.value).startswith(str(path))
    assert str(caught.value).count("\n") == 0


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no\.jsonl cannot be read"):
        opened(tmp_path / "no.jsonl")
    with pytest.raises(InputError, match="cannot be read"):
        opened(tmp_path)


SOURCE = """\
import Nothing

namespace Deep

/-- one -/
theorem first (p : Prop) (h : p) : p := by
  exact h

@[simp] theorem second
    (n : Nat) : n + 0 = n :=
  Nat.add_zero n

theorem third : ∀ n : Nat, n = n
  | _ => rfl
end Deep
"""


def dojo_row(name: str, line: int, path: str = "Deep/Basic.lean") -> dict[str, object]:
    return {
        "url": "https://example.org/deep",
        "commit": "0123abc",
        "file_path": path,
        "full_name": name,
        "start": [line, 1],
        "end": [line + 1, 10],
        "traced_tactics": [{"tactic": "exact h", "state_before": "⊢ SECRET", "state_after": "no goals"}],
    }


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "repo" / "Deep").mkdir(parents=True)
    (tmp_path / "repo" / "Deep" / "Basic.lean").write_text(SOURCE, encoding="utf-8")
    return tmp_path / "repo"


@pytest.mark.parametrize(
    ("statement", "declared"),
    [
        ("theorem t : True := by", "t"),
        ("theorem other : True := by sorry", "other"),
        ("namespace A\nopen Nat in\nprotected theorem B.c : True := by", "A.B.c"),
        ("namespace A\nprivate theorem c : True := by", "A.c"),
        ("namespace A\ntheorem _root_.c : True := by", "c"),
        ("theorem first : True := trivial\n\n/-- doc -/\n@[simp] theorem «my name» : True := by", "«my name»"),
    ],
)
def test_an_item_may_be_called_otherwise_than_its_theorem(tmp_path: Path, statement: str, declared: str) -> None:
    """Lean is asked for the axioms of the theorem: under the item's name it knows none, and every proof seems false."""
    data = opened(written(tmp_path, json.dumps({"name": "t", "statement": statement}) + "\n"))
    [item] = data.items()
    assert (item.name, item.lean_name) == ("t", declared)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("example : True := by", "line 1: the theorem has no name"),
        ("#check True := by", "line 1: no theorem stands at the end"),
    ],
)
def test_a_statement_without_a_named_theorem(tmp_path: Path, statement: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        opened(written(tmp_path, json.dumps({"name": "t", "statement": statement}) + "\n"))


def test_lean_dojo_theorems_come_from_the_checkout(tmp_path: Path, checkout: Path) -> None:
    rows = [dojo_row("Deep.first", 6), dojo_row("Deep.second", 9)]
    for content in (json.dumps(rows), json.dumps(rows, indent=2), "".join(json.dumps(row) + "\n" for row in rows)):
        data = opened(written(tmp_path, content), project=checkout)
        first, second = data.items()
        assert data.kind is Format.LEANDOJO
        assert first.text == SOURCE[: SOURCE.index("  exact h")]
        assert second.text == SOURCE[: SOURCE.index("\n  Nat.add_zero")] + " by\n"
        assert "SECRET" not in first.text
        assert (first.name, first.lean_name) == ("Deep.first (Deep/Basic.lean)", "Deep.first")


def test_private_theorems_of_two_files_may_share_a_name(tmp_path: Path, checkout: Path) -> None:
    """In LeanDojo Benchmark they do; the same theorem twice is a mistake."""
    (checkout / "Deep" / "Other.lean").write_text(SOURCE, encoding="utf-8")
    rows = [dojo_row("Deep.first", 6), dojo_row("Deep.first", 6, "Deep/Other.lean")]
    assert opened(written(tmp_path, json.dumps(rows)), project=checkout).count == 2
    with pytest.raises(
        InputError, match=r"item 3: the name Deep\.first \(Deep/Basic\.lean\) stands already at line \d+, item 1"
    ):
        opened(written(tmp_path, json.dumps([*rows, rows[0]])), project=checkout)


def test_what_extract_writes_is_a_set_to_prove(tmp_path: Path) -> None:
    """The benchmark of a project names theorems that its sources have, at the places it says."""
    project = MadeUpProject(40)
    for path in project.paths:
        lines = [""] * 200
        for theorem in project.read(path).theorems:
            lines[theorem.start.line - 1] = f"{theorem.statement} := by"
            lines[theorem.start.line] = "  omega"
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("\n".join(lines), encoding="utf-8")
    write_benchmark(project, tmp_path / "out", ORIGIN, 0, lambda path: None)
    data = opened(tmp_path / "out" / "random" / "train.json", project=tmp_path)
    assert data.kind is Format.LEANDOJO and data.count == 32
    for item in data.items():
        assert item.text.rstrip().split("\n")[-1].startswith(f"theorem {item.lean_name} ")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (dojo_row("Deep.first", 99), "has no line 99"),
        (dojo_row("Deep.other", 6), "stands Deep.first, not Deep.other"),
        (dojo_row("Deep", 1), "no theorem stands at line 1"),
        (dojo_row("Deep.third", 13), "not written with `:=`"),
        (dojo_row("Deep.first", 6, "../secret.lean"), "is not in the checkout"),
        (dojo_row("Deep.first", 6, "Deep/No.lean"), "cannot be read"),
        ({**dojo_row("Deep.first", 6), "start": [1]}, "`start` is not a line"),
    ],
)
def test_a_theorem_that_is_not_in_the_checkout(
    tmp_path: Path, checkout: Path, row: dict[str, object], message: str
) -> None:
    path = written(tmp_path, json.dumps([row]))
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        opened(path, project=checkout)
    assert "item 1" in str(caught.value)


def test_lean_dojo_without_a_checkout_says_which_one_to_name(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps([dojo_row("Deep.first", 6)]))
    with pytest.raises(InputError, match=r"https://example\.org/deep at 0123abc with --project"):
        opened(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"a": 1}, {"b"', "item 2: not JSON"),
        ('[{"a": 1} {"b": 2}]', "item 1: no comma"),
        ('[{"a": 1},', "the array ends in the middle, after item 1"),
        ("[1]", "item 1: an object was expected"),
        ('[{"a": 1}, ', "the array ends in the middle, after item 1"),
        ("[", "the array ends in the middle, after item 0"),
        (
            '\n[\n{"a": 1},\n\n{"b":\n 2,\n}]',
            "data.jsonl, line 5, item 2: not JSON, or longer than 32 MB (Expecting property",
        ),
        ('\n[\n{"a": 1},\n\n{"b":\n 2,\n}]', "line 7)"),
        ('[\n{"a": 1},\n3]', "data.jsonl, line 3, item 2: an object was expected"),
        ('[{"a": 1}]\n\n[{"a": 2}]', "data.jsonl, line 3: something stands after the end of the array"),
        ('[{"a": "' + "x" * (ITEM_LIMIT + 2**21) + '"}]', "item 1: not JSON, or longer than 32 MB"),
    ],
)
def test_a_damaged_array_is_said_with_its_line_and_item(tmp_path: Path, content: str, message: str) -> None:
    from lean_sidekick.storage.json_lines import read_records

    with pytest.raises(InputError, match=re.escape(message)):
        list(read_records(written(tmp_path, content)))


def test_an_array_larger_than_what_is_read_at_once(tmp_path: Path) -> None:
    from lean_sidekick.storage.json_lines import read_records

    rows = [{"name": f"t{n}", "text": "ä" * 1000} for n in range(2000)]
    path = written(tmp_path, json.dumps(rows, ensure_ascii=False))
    assert [record.fields for record in read_records(path)] == rows


@pytest.mark.skipif(ELSEWHERE is None, reason="LEAN_SIDEKICK_DATA names no folder with the whole public sets")
@pytest.mark.parametrize(
    ("file", "count", "defective"),
    [
        ("minif2f-yangky11/minif2f.jsonl", 488, 6),
        ("proofnet-rahul3613/proofnet_lean4.jsonl", 374, 0),
        ("minicodeprops/minicodeprops_bench_ps.jsonl", 201, 0),
        ("core_exercises/core_dev.jsonl", 196, 0),
    ],
)
def test_the_whole_sets(file: str, count: int, defective: int) -> None:
    data = opened(Path(ELSEWHERE or "", file))
    assert (data.count, data.defective) == (count, defective)
    assert all(origin.commit and origin.licence and origin.repository for origin in data.origins)
    assert data.origins
    assert sum(item.text.rstrip().endswith(":= by") for item in data.items()) == count


@pytest.mark.skipif(ELSEWHERE is None, reason="LEAN_SIDEKICK_DATA names no folder with the whole public sets")
def test_what_holds_no_theorems_to_prove_is_refused_in_words() -> None:
    for file in (
        "library-2021-07/theorems.jsonl",
        "library-2021-07/steps.jsonl",
        "core_exercises/core_dev_steps.jsonl",
        "state-tactic-internlm/state_tactic.jsonl",
        "state-tactic-internlm/minif2f-lean4.7.0.jsonl",
        "state-tactic-llmstep/state_tactic.jsonl",
        "lean-transcripts-2021-07/core_dev.jsonl",
    ):
        with pytest.raises(InputError, match=r"line 1: (theorems of a library|steps of proofs|no theorem to prove)"):
            opened(Path(ELSEWHERE or "", file))
