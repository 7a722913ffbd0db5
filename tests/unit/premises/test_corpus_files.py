"""Corpus files: what is written is read again, LeanDojo's own lines are read, and one bad line costs only itself."""

import json
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pytest

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.positions import Position
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.premises import corpus
from lean_sidekick.premises.corpus import Skipped, module_of, read_corpus, write_corpus

FILES = (
    CorpusFile(path=".lake/packages/lean4/src/lean/Init/Core.lean", module="Init.Core"),
    CorpusFile(
        path="Some/Where.lean",
        module="Some.Where",
        imports=("Init.Core", "Not.Here"),
        premises=(
            Premise(
                full_name="Some.add_comm",
                kind="theorem",
                statement="(a b : ℕ) : a + b = b + a",
                module="Some.Where",
                doc="Says it.\nTwice.",
                start=Position(3, 0),
                end=Position(5, 7),
                attributes=("simp", "ext"),
                deprecated="",
                constants=(),
            ),
            Premise(full_name="Some.two", kind="def", statement=": Nat", module="Some.Where"),
        ),
    ),
)


def read(path: Path) -> tuple[list[CorpusFile], list[Skipped]]:
    skipped: list[Skipped] = []
    return list(read_corpus(path, skipped.append)), skipped


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    assert write_corpus(path, FILES) == 2
    assert read(path) == (list(FILES), [])


def test_the_fields_of_leandojo_are_there(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    write_corpus(path, FILES)
    line = json.loads(path.read_text("utf-8").splitlines()[1])
    # A module that the corpus has is named by its path, as LeanDojo does.
    assert line["imports"] == [".lake/packages/lean4/src/lean/Init/Core.lean", "Not/Here.lean"]
    premise = line["premises"][0]
    assert premise["code"] == "theorem Some.add_comm (a b : ℕ) : a + b = b + a"
    assert (premise["start"], premise["end"]) == ([4, 1], [6, 8])
    assert premise["arguments"] == [{"name": name, "type": "ℕ", "binder": "()"} for name in "ab"]


def test_a_line_of_leandojo_is_read_from_its_code(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    code = (
        '/-- Doc. -/\n@[simp, deprecated foo (since := "2024")]\nlemma add_zero\' (n : ℕ) :\n    n + 0 = n := by simp'
    )
    odd = "instance : Foo Nat"
    line = {
        "path": ".lake/packages/mathlib/Mathlib/Algebra/Basic.lean",
        "imports": [".lake/packages/std/Std/Logic.lean"],
        "premises": [
            {
                "full_name": "Nat.add_zero'",
                "code": code,
                "start": [10, 1],
                "end": [13, 20],
                "kind": "commanddeclaration",
            },
            {"full_name": "instFoo", "code": odd, "start": [14, 1], "end": [14, 9], "kind": "commanddeclaration"},
        ],
    }
    path.write_text(json.dumps(line) + "\n", "utf-8")
    [file], skipped = read(path)
    assert (file.module, file.imports, skipped) == ("Mathlib.Algebra.Basic", ("Std.Logic",), [])
    premise, other = file.premises
    assert (premise.full_name, premise.kind, premise.statement) == ("Nat.add_zero'", "lemma", "(n : ℕ) : n + 0 = n")
    assert (premise.doc, premise.attributes, premise.deprecated) == ("Doc.", ("simp", "deprecated"), "foo")
    assert (premise.constants, premise.start) == (None, Position(9, 0))
    assert (other.full_name, other.statement) == ("instFoo", odd)


def test_premises_that_leandojo_could_not_name_are_left_out_of_their_file(tmp_path: Path) -> None:
    """The published corpus has them; its own readers leave them out too."""
    path = tmp_path / "corpus.jsonl"
    good = {"full_name": "a", "code": "def a := 1", "start": [1, 1], "end": [1, 11], "kind": "commanddeclaration"}
    odd = [{"full_name": None}, {"code": ""}, {"full_name": "user__.n.x"}, {"full_name": "[anonymous]"}]
    line = {"path": "A.lean", "imports": [], "premises": [*({**good, **one} for one in odd), good]}
    path.write_text(json.dumps(line) + "\n", "utf-8")
    [file], skipped = read(path)
    assert [premise.full_name for premise in file.premises] == ["a"]
    assert skipped == []


def test_a_line_that_never_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "_LINE_LIMIT", 2**20)
    path = tmp_path / "corpus.jsonl"
    write_corpus(path, FILES)
    path.write_text(path.read_text("utf-8") + "x" * 2**21, "utf-8")
    with pytest.raises(InputError, match=r"line 3: longer than 1 MB"):
        read(path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"path": "A.lean", "imports": [], "premises"', "it is no JSON"),
        ('{"imports": []}', "it has no `path`"),
        ('{"path": "A.lean", "premises": 3}', "`premises` is no list"),
        ("[1]", "it is no file of a corpus"),
        ('{"path": "A.lean", "premises": [{"full_name": 1}]}', "it is no file of a corpus"),
        ('{"path": "A.lean", "premises": [{"full_name": "a", "start": [0, 1]}]}', "it is no file of a corpus"),
        (
            '{"path": "A.lean", "premises": [{"full_name": "a", "statement": ": \\ud800"}]}',
            "a text in it holds half a character (`'\\ud800'`)",
        ),
    ],
)
def test_a_bad_line_is_reported_and_left_out(line: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    write_corpus(path, FILES)
    path.write_text(path.read_text("utf-8") + line + "\n", "utf-8")
    found, skipped = read(path)
    assert found == list(FILES)
    assert skipped == [Skipped(name=f"{path}, line 3", reason=reason)]


def test_a_corpus_that_was_not_written_to_its_end_says_so(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    write_corpus(path, FILES)
    path.write_bytes(path.read_bytes()[:-9])
    found, (skipped,) = read(path)
    assert found == list(FILES[:1])
    assert skipped.name == f"{path}, line 2" and "was not written to its end" in skipped.reason


def test_what_is_no_corpus_at_all_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text("theorem a : p := h\n")
    with pytest.raises(InputError, match="is no corpus"):
        read(path)
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "nothing")


def test_a_corpus_that_is_broken_off_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    write_corpus(path, FILES)

    def breaks_off() -> Iterable[CorpusFile]:
        yield FILES[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_corpus(path, breaks_off())
    assert read(path)[0] == list(FILES)
    assert [file.name for file in tmp_path.iterdir()] == ["corpus.jsonl"], "a temporary file was left"


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("Mathlib/Data/Nat.lean", "Mathlib.Data.Nat"),
        ("lake-packages/std/Std/Logic.lean", "Std.Logic"),
        (".lake/packages/lean4/src/lean/Init/Core.lean", "Init.Core"),
        ("src/lean/Init.lean", "Init"),
        ("Some/Odd-Name/A.lean", "Some.«Odd-Name».A"),
    ],
)
def test_a_path_stands_for_a_module(path: str, module: str) -> None:
    assert module_of(path) == module


def test_a_corpus_is_read_line_by_line(tmp_path: Path) -> None:
    """The first file is there while most of the corpus is unread, and reading it all holds little of it at once."""
    premise = Premise(full_name="a", kind="theorem", statement="x" * 20_000)
    path = tmp_path / "corpus.jsonl"
    write_corpus(path, (CorpusFile(path=f"M{n}.lean", module=f"M{n}", premises=(premise,)) for n in range(500)))
    tracemalloc.start()
    try:
        assert sum(len(file.premises) for file in read_corpus(path, lambda skipped: None)) == 500
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < path.stat().st_size / 20
