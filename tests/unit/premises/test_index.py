"""The index on disk: what was written is found, several programs at once, and damage of every kind."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve

from lean_sidekick.core.errors import IndexDamaged
from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.positions import Position
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.premises import index as index_module
from lean_sidekick.premises import segment_file
from lean_sidekick.premises.api import Accessible
from lean_sidekick.premises.index import DATABASE, PremiseIndex, Tier
from lean_sidekick.premises.quantised import quantise
from lean_sidekick.premises.retriever import LocalRetriever
from lean_sidekick.premises.segment import Segment
from lean_sidekick.premises.segment_merge import Part

FULL = Premise(
    full_name="Nat.add_comm",
    kind="theorem",
    statement="∀ (n m : Nat), n + m = m + n",
    module="A",
    doc="Addition is *commutative*.",
    start=Position(3, 0),
    end=Position(4, 7),
    attributes=("simp",),
    deprecated="",
    constants=("Eq", "HAdd.hAdd"),
    uses=("Nat.rec",),
)


def file(module: str, *names: str, statement: str = "∀ (n m : Nat), n + m = m + n") -> CorpusFile:
    premises = tuple(Premise(full_name=name, kind="theorem", statement=statement) for name in names)
    return CorpusFile(path=f"{module}.lean", module=module, premises=premises)


A = CorpusFile(path="A.lean", module="A", premises=(FULL,))


@pytest.fixture
def index(tmp_path: Path) -> PremiseIndex:
    return PremiseIndex(tmp_path / "index")


def add(index: PremiseIndex, *files: CorpusFile, stamp: str = "1", limit: int = 50_000) -> None:
    writer = index.writer(limit)
    for one in files:
        writer.add(one, stamp)
    writer.finish()


def found(index: PremiseIndex, goal: str = "x y : Nat\n⊢ x + y = y + x") -> list[str]:
    retriever = LocalRetriever(index.segments())
    return [one.premise.full_name for one in retriever.answer_goal(parse_goal(goal), Accessible(), 50)]


def segment_files(index: PremiseIndex) -> list[Path]:
    return sorted(index.folder.glob("*.segment"))


def test_an_index_that_is_not_there_is_empty(index: PremiseIndex) -> None:
    assert index.files() == {} and index.segments() == ()
    index.verify()
    index.discard()
    assert not index.folder.exists()


def test_a_premise_comes_back_whole(index: PremiseIndex) -> None:
    add(index, A)
    (segment,) = index.segments()
    assert segment.records[0] == FULL
    assert found(index) == ["Nat.add_comm"]
    index.verify()


def test_what_is_on_disk_is_what_was_built_in_memory(index: PremiseIndex) -> None:
    files = (A, file("B", "b.one", "b.two"), file("C"), file("D", "d.one", statement="True"))
    add(index, *files)
    (stored,), built = index.segments(), Segment.build(files)
    for name in ("words", "symbols", "shapes"):
        for part, array in getattr(built, name).arrays().items():
            assert np.array_equal(getattr(stored, name).arrays()[part], array)
    assert np.array_equal(stored.uses.tokens, built.uses.tokens)
    assert np.array_equal(stored.by_name, built.by_name) and np.array_equal(stored.name_starts, built.name_starts)
    assert stored.spelled == built.spelled
    assert set(index.files()) == {"A", "B", "C", "D"}  # a file without premises is known too


def test_imports_are_kept(index: PremiseIndex) -> None:
    add(index, evolve(A, imports=("Init", "«A b».C")))
    assert index.files()["A"].imports == ("Init", "«A b».C")


def test_one_file_is_replaced(index: PremiseIndex) -> None:
    add(index, A, file("B", "b.old", "b.gone"))
    add(index, file("B", "b.new"), stamp="2")
    assert sorted(found(index)) == ["Nat.add_comm", "b.new"]
    assert {one.module: one.stamp for one in index.files().values()} == {"A": "1", "B": "2"}


def test_files_are_removed_and_their_segments_with_them(index: PremiseIndex) -> None:
    add(index, A)
    add(index, file("B", "b.one"))
    index.remove(["A"])
    assert found(index) == ["b.one"] and len(segment_files(index)) == 1


def test_memory_is_bounded_by_segments_and_small_ones_are_merged(index: PremiseIndex) -> None:
    add(index, *(file(f"M{i}", f"m{i}") for i in range(5)), limit=2)
    assert len(segment_files(index)) == 3
    for i in range(12):
        add(index, file(f"N{i}", f"n{i}"))
    assert len(segment_files(index)) < 12
    assert sorted(found(index)) == sorted([f"m{i}" for i in range(5)] + [f"n{i}" for i in range(12)])


def test_a_reader_keeps_what_it_opened(index: PremiseIndex) -> None:
    add(index, A)
    segments = index.segments()
    add(index, evolve(A, premises=()))
    index.discard()
    retriever = LocalRetriever(segments)
    answer = retriever.answer_goal(parse_goal("⊢ x + y = y + x"), Accessible(), 5)
    assert [one.premise for one in answer] == [FULL]


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    first, second = PremiseIndex(tmp_path), PremiseIndex(tmp_path)
    one, two = first.writer(), second.writer()
    one.add(file("A", "a.one"), "1")
    two.add(file("B", "b.one"), "1")
    two.add(file("A", "a.two"), "2")
    one.commit()
    two.commit()
    assert sorted(found(first)) == ["a.two", "b.one"]


def test_merged_segments_are_what_would_have_been_built(index: PremiseIndex) -> None:
    """Array for array, without the documents that were replaced since."""
    names = (("A", "old"), ("B", "b"), ("C", "c"), ("D", "d"), ("E", "e"))
    for module, name in names:
        add(
            index,
            file(module, f"{name}.one", f"{name}.two", statement=f"(n : Nat) : {name} n = n + n"),
            file(f"{name}0"),
        )
    add(index, file("A", "new.one", statement="(n : Nat) : n = n"), CorpusFile(path="", module="B", premises=(FULL,)))
    index.merge((Tier(100, 1),), 1000)
    (stored,) = index.segments()
    files = {
        module: tuple(stored.records[n] for n in range(len(stored)) if stored.modules[stored.module_of[n]] == module)
        for module in stored.modules
    }
    built = Segment.build([CorpusFile(path="", module=module, premises=files[module]) for module in stored.modules])
    assert [p.full_name for p in files["A"]] == ["new.one"] and files["B"] == (evolve(FULL, module="B"),)
    assert len(stored) == len(built) == 8 and set(index.files()) == set(stored.modules)
    for name in ("words", "symbols", "shapes"):
        for part, array in getattr(built, name).arrays().items():
            assert np.array_equal(getattr(stored, name).arrays()[part], array), (name, part)
    for name in ("uses", "symbol_sets"):
        assert np.array_equal(getattr(stored, name).tokens, getattr(built, name).tokens)
        assert np.array_equal(getattr(stored, name).starts, getattr(built, name).starts)
    assert stored.module_of.dtype == built.module_of.dtype and stored.spelled == built.spelled
    assert [stored.modules[n] for n in stored.module_of] == [built.modules[n] for n in built.module_of]
    assert np.array_equal(stored.names, built.names) and np.array_equal(stored.by_name, built.by_name)
    index.verify()


def test_merging_keeps_vectors_that_all_have(index: PremiseIndex) -> None:
    rows = np.eye(4, 64, dtype=np.float32)
    for module in "ABCD":
        add(index, file(module, f"{module}.one"))
    for name, segment in index.without_vectors("enc").items():
        number = "ABCD".index(segment.modules[0])
        index.add_vectors(name, "enc", [quantise(rows[number : number + 1])])
    add(index, file("A", "A.two"))  # its vector is missing, and A.one's does not count any more
    (name,) = index.without_vectors("enc")
    index.add_vectors(name, "enc", [quantise(rows[:1] + rows[1:2])])
    index.merge((Tier(100, 1),), 1000)
    (segment,) = index.segments("enc")
    assert segment.vectors is not None and len(segment.vectors) == 4
    for number in range(4):
        module = segment.modules[segment.module_of[number]]
        (expected,) = quantise(rows[:1] + rows[1:2] if module == "A" else rows[[("ABCD".index(module))]]).values
        assert np.array_equal(segment.vectors.values[number], expected)


def test_merging_leaves_alone_what_another_program_replaced(
    index: PremiseIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one commits while the merged segment is being written: its file must not be set back."""
    for module in "ABC":
        add(index, file(module, f"{module}.old"))
    real = index_module.merged

    def slow(parts: tuple[Part, ...]) -> Segment:
        monkeypatch.setattr(index_module, "merged", real)
        add(PremiseIndex(index.folder), file("B", "B.new"), stamp="2")
        return real(parts)

    monkeypatch.setattr(index_module, "merged", slow)
    index.merge((Tier(100, 1),), 1000)
    assert sorted(found(index)) == ["A.old", "B.new", "C.old"]
    assert index.files()["B"].stamp == "2"


@pytest.mark.parametrize(("sizes", "most", "left"), [((2, 2, 2, 2), 5, 2), ((4, 4, 1), 5, 2), ((9, 9), 5, 2)])
def test_merged_segments_stay_bounded(index: PremiseIndex, sizes: tuple[int, ...], most: int, left: int) -> None:
    for number, size in enumerate(sizes):
        add(index, file(f"M{number}", *(f"m{number}.x{i}" for i in range(size))))
    index.merge((Tier(100, 1),), most)
    assert len(segment_files(index)) == left
    assert len(found(index)) == sum(sizes)


KILLED = """
import sys, time
from pathlib import Path
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.premises.index import PremiseIndex
writer = PremiseIndex(Path(sys.argv[1])).writer(interval_s=float(sys.argv[2]))
for module in "ABC":
    premise = Premise(full_name=module.lower(), kind="theorem", statement=": True")
    writer.add(CorpusFile(path="", module=module, premises=(premise,)), "1")
print("three are added", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(("interval_s", "kept"), [("0", {"A", "B", "C"}), ("3600", set())])
def test_a_writer_that_is_killed_leaves_what_it_committed(index: PremiseIndex, interval_s: str, kept: set[str]) -> None:
    """What was added longer ago than the interval is there after a kill, and the next writer goes on from it."""
    command = [sys.executable, "-c", KILLED, str(index.folder), interval_s]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"three are added\n"
        process.kill()
    assert set(index.files()) == kept
    index.verify()
    add(index, file("B", "b.one"))
    assert set(index.files()) == kept | {"B"} and "b.one" in found(index, "⊢ b = b")


def test_a_segment_is_committed_when_it_is_full(index: PremiseIndex) -> None:
    writer = index.writer(1)
    writer.add(A, "1")
    writer.add(file("B"), "1")  # not committed: below the limit
    assert set(index.files()) == {"A"}
    add(index, file("B", "b.one"))
    assert sorted(found(index)) == ["Nat.add_comm", "b.one"]


def test_a_segment_that_another_program_merged_away_is_read_anew(
    index: PremiseIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(index, A)
    real, tries = segment_file.open_segment, []

    def gone_at_first(path: Path) -> Segment:
        tries.append(path)
        if len(tries) == 1:
            raise FileNotFoundError(path)
        return real(path)

    monkeypatch.setattr("lean_sidekick.premises.index.open_segment", gone_at_first)
    assert len(index.segments()) == 1 and len(tries) == 2


def truncate(index: PremiseIndex) -> None:
    (path,) = segment_files(index)
    path.write_bytes(path.read_bytes()[:-100])


def empty(index: PremiseIndex) -> None:
    segment_files(index)[0].write_bytes(b"")


def other_text(index: PremiseIndex) -> None:
    segment_files(index)[0].write_bytes(b"something else" * 1000)


def bad_header(index: PremiseIndex) -> None:
    (path,) = segment_files(index)
    path.write_bytes(path.read_bytes().replace(b'"arrays"', b'"errays"'))


def gone(index: PremiseIndex) -> None:
    segment_files(index)[0].unlink()


def bad_database(index: PremiseIndex) -> None:
    (index.folder / DATABASE).write_bytes(b"SQLite format 3\0" + b"x" * 5000)


def other_version(index: PremiseIndex) -> None:
    connection = sqlite3.connect(index.folder / DATABASE)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize("damage", [truncate, empty, other_text, bad_header, gone, bad_database, other_version])
def test_damage_is_one_sentence_and_can_be_repaired(
    index: PremiseIndex, damage: Callable[[PremiseIndex], None]
) -> None:
    add(index, A)
    damage(index)
    with pytest.raises(IndexDamaged, match=r"^The premise index .*\.$"):
        index.segments()
    index.discard()
    add(index, A)
    assert found(index) == ["Nat.add_comm"]


def test_a_flipped_bit_is_found_by_reading_through(index: PremiseIndex) -> None:
    add(index, A)
    (path,) = segment_files(index)
    data = bytearray(path.read_bytes())
    data[-200] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(IndexDamaged, match="checksum is wrong"):
        index.verify()


def test_a_premise_that_cannot_be_read_is_damage_too(index: PremiseIndex) -> None:
    add(index, A)
    (path,) = segment_files(index)
    path.write_bytes(path.read_bytes().replace(b'["Nat.add_comm"', b'{"Nat.add_comm"'))
    with pytest.raises(IndexDamaged, match="cannot be read"):
        found(index)
