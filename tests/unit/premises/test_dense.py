"""Dense ranking: vectors in the index, an encoder of the wrong size, and how each family writes its texts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goals import Goal, parse_goal
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.premises.collection import Collection
from lean_sidekick.premises.dense import DenseRanker, embed_index
from lean_sidekick.premises.formats import WRITING, EncoderFormat, format_of, mark_name
from lean_sidekick.premises.index import PremiseIndex
from lean_sidekick.premises.quantised import nearest, quantise
from lean_sidekick.premises.rankers import Question
from lean_sidekick.premises.tokens import goal_terms

GOAL = parse_goal("n m : Nat\n⊢ n + m ≠ 0")
PREMISE = Premise(full_name="Nat.add_comm", kind="theorem", statement="(n m : Nat) : n + m = m + n", doc="Swaps.")


class Axes:
    """An encoder that gives premise i the i-th axis."""

    name = "axes"

    async def goal(self, goal: Goal) -> np.ndarray:
        return np.eye(70, dtype=np.float32)[1]

    async def words(self, text: str) -> np.ndarray:
        return await self.goal(GOAL)

    async def premises(self, premises: Sequence[Premise]) -> np.ndarray:
        return np.eye(70, dtype=np.float32)[[int(one.full_name[1:]) for one in premises]]


async def indexed(folder: Path) -> PremiseIndex:
    index = PremiseIndex(folder)
    writer = index.writer()
    premises = tuple(Premise(full_name=f"p{i}", kind="theorem", statement="True") for i in range(3))
    writer.add(CorpusFile(path="A.lean", module="A", premises=premises), "1")
    writer.finish()
    assert await embed_index(index, Axes(), lambda done, total: None) == 3
    return index


def question(vector: np.ndarray | None, size: int = 3) -> Question:
    return Question(terms=goal_terms(GOAL), text="", allowed=np.ones(size, dtype=bool), vector=vector)


async def test_vectors_are_kept_beside_the_index_and_ranked_by(tmp_path: Path) -> None:
    index = await indexed(tmp_path)
    assert await embed_index(index, Axes(), lambda done, total: None) == 0  # nothing is embedded twice
    collection = Collection(index.segments("axes"))
    assert DenseRanker().rank(collection, question(await Axes().goal(GOAL)), 3)[0] == 1
    assert not len(DenseRanker().rank(collection, question(None), 3))
    assert not len(DenseRanker().rank(Collection(index.segments("other")), question(await Axes().goal(GOAL)), 3))


async def test_an_encoder_of_another_dimension_is_one_sentence(tmp_path: Path) -> None:
    collection = Collection((await indexed(tmp_path)).segments("axes"))
    with pytest.raises(InputError, match="vectors of 5 numbers, but those of the index have 70"):
        DenseRanker().rank(collection, question(np.ones(5, dtype=np.float32)), 3)


async def test_damaged_vectors_are_thrown_away_alone(tmp_path: Path) -> None:
    index = await indexed(tmp_path)
    (vectors,) = tmp_path.glob("*.vectors")
    vectors.write_bytes(vectors.read_bytes()[:-1])
    (segment,) = index.segments("axes")
    assert segment.vectors is None and len(segment) == 3 and not vectors.exists()


def test_two_looks_find_nearly_what_an_exact_search_finds() -> None:
    random = np.random.default_rng(7)
    centres = random.standard_normal((40, 96))
    vectors = centres[random.integers(0, 40, 4000)] + 0.4 * random.standard_normal((4000, 96))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    stored, allowed, found = quantise(vectors), np.arange(4000) % 3 > 0, []
    for query in vectors[:20]:
        exact = np.flatnonzero(allowed)[np.argsort(-(vectors[allowed] @ query))[:32]]
        numbers, _ = nearest(stored, query, allowed, 32, 500)
        assert allowed[numbers].all()
        found.append(len(set(exact.tolist()) & set(numbers.tolist())) / 32)
    assert np.mean(found) > 0.95


@pytest.mark.parametrize(
    ("family", "goal", "premise"),
    [
        ("reprover", GOAL.text, "theorem <a>Nat.add_comm</a> (n m : Nat) : n + m = m + n"),
        ("leanpremise", GOAL.text, "/-- Swaps. -/ theorem Nat.add_comm (n m : Nat) : n + m = m + n"),
        (
            "hpsearch",
            "Instruct: Given a Lean 4 proof state, retrieve Mathlib lemmas that help prove its goal\nQuery: "
            + GOAL.text,
            "theorem Nat.add_comm (n m : Nat) : n + m = m + n",
        ),
        (
            "qwen3",
            "Instruct: Given a Lean 4 proof state, retrieve Mathlib lemmas that help prove its goal\nQuery:"
            + GOAL.text,
            "theorem Nat.add_comm (n m : Nat) : n + m = m + n",
        ),
        ("words", "n add m ne zero", "nat add comm : n m nat n add m eq m add n . Swaps."),
    ],
)
def test_texts_are_written_as_each_family_was_trained(family: str, goal: str, premise: str) -> None:
    writing = WRITING[EncoderFormat(family)]
    assert (writing.goal(GOAL), writing.premise(PREMISE)) == (goal, premise)


def test_the_mark_takes_the_longest_part_of_the_name_that_is_there() -> None:
    assert mark_name("lemma add_comm (n : ℕ)", "Nat.add_comm") == "lemma <a>Nat.add_comm</a> (n : ℕ)"
    assert mark_name("instance : Add ℕ", "Nat.instAdd") == "instance : Add ℕ"


def test_a_known_model_brings_its_convention() -> None:
    assert format_of("kaiyuy/leandojo-lean4-retriever-byt5-small", "") is EncoderFormat.REPROVER
    assert format_of("/some/folder", "") is EncoderFormat.PLAIN
    assert format_of("/some/folder", "words") is EncoderFormat.WORDS
