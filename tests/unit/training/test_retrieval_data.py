"""What a retriever is trained on: states and premises from three shapes of files, and negatives that are never true."""

import json
from pathlib import Path
from typing import Any

import pytest

from lean_sidekick.core.errors import InputError
from lean_sidekick.premises.corpus import Skipped
from lean_sidekick.training.examples import split_examples
from lean_sidekick.training.hard_negatives import PairMaker
from lean_sidekick.training.retrieval_data import LabelledState, TrainingCorpus, read_states, read_training_corpus
from lean_sidekick.training.retrieval_score import RecallTally


def row(name: str, module: str, line: int | None, statement: str, *premises: str) -> dict[str, Any]:
    return {"name": name, "module": module, "line": line, "type": statement, "premises": list(premises)}


ROWS = [
    row("A.add_comm", "A", 3, "∀ (n m : Nat), n + m = m + n"),
    row("A.add_zero", "A", 5, "∀ (n : Nat), n + 0 = n", "A.add_comm"),
    row("A.add_assoc", "A", 9, "∀ (a b c : Nat), a + b + c = a + (b + c)", "A.add_comm", "elsewhere"),
    row("A.made", "A", None, "∀ (n : Nat), n + n = n + n"),
    row("B.mul_comm", "B", 4, "∀ (n m : Nat), n * m = m * n", "A.add_zero", "A.made"),
]
STEP = {"file": "B.lean", "theorem": "B.mul_comm", "tactic": "rw [A.add_zero]", "premises": ["A.add_zero"]}
STEPS = [
    {**STEP, "state_before": "n m : Nat\n⊢ n + 0 = n\n\ncase b\n⊢ True"},
    {**STEP, "state_before": "n m : Nat\n⊢  n + 0 = n", "premises": ["A.add_comm"]},
    {**STEP, "state_before": "⊢ p", "premises": []},
]


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return path


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return lines(tmp_path / "theorems.jsonl", *ROWS)


def corpus_of(*paths: Path, corpus: Path | None = None) -> TrainingCorpus:
    return read_training_corpus(corpus, paths, lambda skipped: None)


def seen(corpus: TrainingCorpus, state: LabelledState) -> set[str]:
    return {one.full_name for one, is_seen in zip(corpus.premises, corpus.accessible(state), strict=True) if is_seen}


def test_theorems_are_states_and_corpus_at_once(library: Path) -> None:
    """A theorem sees other modules and what begins above it; what was used and is nowhere still counts as used."""
    corpus = corpus_of(library)
    states = {state.state.split("⊢ ")[1]: state for state in read_states([library], corpus)}
    assert len(states) == 3
    third = states["a + b + c = a + (b + c)"]
    assert third.used == {"A.add_comm", "elsewhere"} and third.group == "A"
    assert seen(corpus, third) == {"A.add_comm", "A.add_zero", "B.mul_comm"}
    assert seen(corpus, states["n * m = m * n"]) == {one["name"] for one in ROWS} - {"B.mul_comm"}


def test_steps_find_their_place_in_the_corpus(tmp_path: Path, library: Path) -> None:
    """The main goal counts, equal states are one, and premises of the whole proof are kept in mind."""
    steps = lines(tmp_path / "steps.jsonl", *STEPS)
    corpus = corpus_of(steps, library)
    (state,) = read_states([steps], corpus)
    assert state.state == "n m : Nat\n⊢ n + 0 = n"
    assert state.used == state.related == {"A.add_zero", "A.add_comm"}
    assert "B.mul_comm" not in seen(corpus, state) and "A.made" in seen(corpus, state)


def test_the_files_of_leandojo_are_read(tmp_path: Path) -> None:
    premise = {"full_name": "A.one", "code": "theorem one : 1 = 1 := rfl", "start": [3, 1], "end": [3, 9], "kind": "x"}
    later = {**premise, "full_name": "B.later", "start": [30, 1]}
    corpus_file = lines(
        tmp_path / "corpus.jsonl",
        {"path": "A.lean", "imports": [], "premises": [premise]},
        {"path": "B.lean", "imports": ["A.lean"], "premises": [{**premise, "full_name": "B.one"}, later]},
        {"path": "C.lean", "imports": [], "premises": [{**premise, "full_name": "C.one"}]},
    )
    tactic = {
        "tactic": "exact A.one",
        "annotated_tactic": ["exact <a>A.one</a>", [{"full_name": "A.one", "def_path": "A.lean", "def_pos": [3, 1]}]],
        "state_before": "⊢ 1 = 1",
        "state_after": "no goals",
    }
    theorem = {"file_path": "B.lean", "full_name": "B.two", "start": [9, 1], "end": [9, 40], "traced_tactics": [tactic]}
    data = tmp_path / "train.json"
    data.write_text(json.dumps([theorem]), encoding="utf-8")
    corpus = corpus_of(data, corpus=corpus_file)
    (state,) = read_states([data], corpus)
    assert (state.used, state.group) == ({"A.one"}, "B")
    assert seen(corpus, state) == {"A.one", "B.one"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "line 1: not JSON"),
        ("[1", "not JSON"),
        ('[{"file_path": "A.lean"}]', "theorem 1 is none of LeanDojo Benchmark"),
        ('{"state_before": "x"}', "line 1: a step has"),
        ('{"state_before": "x", "file": "A.lean", "premises": "p"}', "line 1: `premises` is no list"),
        ('{"state_before": "x", "file": "A.lean", "premises": ["nowhere"]}', "no state there uses a premise"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, library: Path, text: str, said: str) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_states([data], corpus_of(library))


def test_data_without_statements_needs_a_corpus(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--corpus"):
        corpus_of(lines(tmp_path / "steps.jsonl", *STEPS))


def test_a_damaged_line_of_a_corpus_is_left_out(tmp_path: Path) -> None:
    skipped: list[Skipped] = []
    file = {"path": "A.lean", "imports": [], "premises": []}
    path = tmp_path / "corpus.jsonl"
    path.write_text(json.dumps(file) + "\n{\n", encoding="utf-8")
    assert [one.module for one in read_training_corpus(path, [], skipped.append).files] == ["A"]
    assert len(skipped) == 1


def test_negatives_are_like_the_state_seen_and_never_true(tmp_path: Path, library: Path) -> None:
    steps = lines(tmp_path / "steps.jsonl", *STEPS)
    corpus = corpus_of(library)
    states = read_states([steps], corpus)
    maker = PairMaker(corpus, states)
    pairs = maker.pairs([0], 2, seed=1)
    names = [one.full_name for one in corpus.premises]
    assert {names[pair.used] for pair in pairs} == {"A.add_zero", "A.add_comm"}
    for pair in pairs:
        # Both are used in this proof, so that neither is wrong; what is left of what it sees is add_assoc and made.
        assert {names[number] for number in pair.not_used} == {"A.add_assoc", "A.made"}
    assert maker.pairs([0], 2, seed=1) == pairs


def test_the_likeliest_by_words_come_first(library: Path) -> None:
    corpus = corpus_of(library)
    states = read_states([library], corpus)
    (number,) = [i for i, state in enumerate(states) if state.group == "B"]
    found = PairMaker(corpus, states).lexical(states[number], 4).tolist()
    assert corpus.premises[found[0]].full_name in ("A.add_comm", "A.add_assoc", "A.made")
    assert all(corpus.accessible(states[number])[found])


def test_a_corpus_of_nothing_but_truths_has_no_negatives(tmp_path: Path) -> None:
    library = lines(tmp_path / "t.jsonl", row("one", "A", 1, "True"), row("two", "B", 1, "True", "one"))
    corpus = corpus_of(library)
    with pytest.raises(InputError, match="too small"):
        PairMaker(corpus, read_states([library], corpus)).pairs([0], 3, seed=0)


def test_modules_are_held_out_whole(library: Path) -> None:
    corpus = corpus_of(library)
    split = split_examples(read_states([library], corpus), 0.0, ("B",), seed=0)
    assert [state.group for state in split.held_out] == ["B"]
    assert {state.group for state in split.train} == {"A"}


def test_recall_counts_what_no_corpus_has_as_missed() -> None:
    tally = RecallTally()
    tally.add([5, 7], {7}, {"here", "elsewhere"})
    tally.add([3], {3}, {"there"})
    assert tally.figures() == {"recall@1": 0.5, "recall@10": 0.75, "recall@32": 0.75, "mrr": 0.75}
