"""Dense ranking: vectors in the index, an encoder of the wrong size, and how each family writes its texts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from lean_sidekick.core.errors import InputError, ModelCrashed
from lean_sidekick.core.goals import Goal, parse_goal
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.premises.collection import Collection
from lean_sidekick.premises.dense import embed_index
from lean_sidekick.premises.dense_ranker import DenseRanker
from lean_sidekick.premises.formats import WRITING, EncoderFormat, format_of, mark_name
from lean_sidekick.premises.index import PremiseIndex
from lean_sidekick.premises.quantised import nearest, quantise
from lean_sidekick.premises.rankers import Question
from lean_sidekick.premises.tokens import goal_terms

GOAL = parse_goal("n m : Nat\n⊢ n + m ≠ 0")
PREMISE = Premise(full_name="Nat.add_comm", kind="theorem", statement="(n m : Nat) : n + m = m + n", doc="Swaps.")


class Axes:
    """An encoder that gives premise i the i-th of `size` axes; it breaks down after so many batches."""

    name = "axes"

    def __init__(self, size: int = 70, batches: int = 1000) -> None:
        self.size, self.batches, self.embedded = size, batches, 0

    async def load(self) -> None:
        return None

    async def goal(self, goal: Goal, timeout_s: float) -> np.ndarray:
        return np.eye(self.size, dtype=np.float32)[1]

    async def words(self, text: str, timeout_s: float) -> np.ndarray:
        return await self.goal(GOAL, timeout_s)

    async def premises(self, premises: Sequence[Premise]) -> np.ndarray:
        if not self.batches:
            raise ModelCrashed("The model process died twice.")
        self.batches -= 1
        self.embedded += len(premises)
        return np.eye(self.size, dtype=np.float32)[[int(one.full_name[1:]) % self.size for one in premises]]


def written(folder: Path, count: int) -> PremiseIndex:
    index = PremiseIndex(folder)
    writer = index.writer()
    premises = tuple(Premise(full_name=f"p{i}", kind="theorem", statement="True") for i in range(count))
    writer.add(CorpusFile(path="A.lean", module="A", premises=premises), "1")
    writer.finish()
    return index


async def indexed(folder: Path) -> PremiseIndex:
    index = written(folder, 3)
    assert await embed_index(index, Axes(), lambda done, total: None) == 3
    return index


def question(vector: np.ndarray | None, size: int = 3) -> Question:
    return Question(terms=goal_terms(GOAL), text="", allowed=np.ones(size, dtype=bool), vector=vector)


async def test_vectors_are_kept_beside_the_index_and_ranked_by(tmp_path: Path) -> None:
    index = await indexed(tmp_path)
    assert await embed_index(index, Axes(), lambda done, total: None) == 0  # nothing is embedded twice
    collection = Collection(index.segments("axes"))
    assert DenseRanker().rank(collection, question(await Axes().goal(GOAL, 1.0)), 3)[0] == 1
    assert not len(DenseRanker().rank(collection, question(None), 3))
    assert not len(DenseRanker().rank(Collection(index.segments("other")), question(await Axes().goal(GOAL, 1.0)), 3))


async def test_an_encoder_of_another_dimension_is_one_sentence(tmp_path: Path) -> None:
    collection = Collection((await indexed(tmp_path)).segments("axes"))
    with pytest.raises(InputError, match="vectors of 5 numbers, but those of the index have 70"):
        DenseRanker().rank(collection, question(np.ones(5, dtype=np.float32)), 3)


async def test_what_an_interrupted_run_made_is_not_made_again(tmp_path: Path) -> None:
    """1,024 premises are a part, in batches of 256: the parts before the one that broke stay."""
    index, told = written(tmp_path, 2500), list[tuple[int, int]]()
    with pytest.raises(ModelCrashed):
        await embed_index(index, Axes(batches=6), lambda done, total: told.append((done, total)))
    assert told == [(1024, 2500)] and not Collection(index.segments("axes")).segments[0].vectors
    again = Axes()
    assert await embed_index(index, again, lambda done, total: told.append((done, total))) == again.embedded == 1476
    assert told[1:] == [(1024, 2500), (2048, 2500), (2500, 2500)]
    (segment,) = index.segments("axes")
    assert segment.vectors is not None and np.array_equal(segment.vectors.values[:70] > 0, np.eye(70) > 0)
    assert [path.name.rsplit(".", 1)[-1] for path in tmp_path.glob("*.vectors*")] == ["vectors"]  # no parts are left


async def test_a_model_that_was_replaced_under_its_name_gets_its_vectors_made_anew(tmp_path: Path) -> None:
    """What the sentence about an encoder of another dimension advises must help."""
    index = await indexed(tmp_path)
    writer = index.writer()
    new = Premise(full_name="p3", kind="theorem", statement="True")
    writer.add(CorpusFile(path="B.lean", module="B", premises=(new,)), "1")
    writer.finish()
    assert await embed_index(index, Axes(size=5), lambda done, total: None) == 4
    assert {one.vectors.dimension for one in index.segments("axes") if one.vectors is not None} == {5}


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
        (
            "words",
            "n add m is not equal to zero n m natural number",
            "natural number add commutative : n m natural number n add m equals m add n . Swaps.",
        ),
        ("hpsearch-xs", "n add m ne zero n m nat", "nat add comm : n m nat n add m eq m add n . Swaps."),
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
