"""A benchmark in LeanDojo's layout: whole, deterministic, fit for its readers, without leaks, in little memory."""

import json
import tracemalloc
from pathlib import Path

import pytest
from attrs import evolve

from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.extraction import layout
from lean_sidekick.evaluation.extraction.layout import License, write_benchmark
from lean_sidekick.evaluation.extraction.layout_report import LayoutReport, report_lines
from lean_sidekick.evaluation.extraction.leaks import check_benchmark
from lean_sidekick.evaluation.extraction.splits import Strategy
from lean_sidekick.premises.corpus import read_corpus
from support.made_up_traces import ORIGIN, InMemory, MadeUpProject, made_up_file, made_up_theorem

COUNT = 300
FILES = [f"{strategy.value}/{side}.json" for strategy in Strategy for side in ("train", "val", "test")]


def written(files, folder: Path, seed: int = 0) -> LayoutReport:
    return write_benchmark(files, folder, ORIGIN, seed, lambda path: None)


def rows(folder: Path, name: str) -> list[dict[str, object]]:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in [*FILES, "corpus.jsonl", "report.json"]}


def test_every_theorem_stands_once_in_each_split(tmp_path: Path) -> None:
    report = written(MadeUpProject(COUNT), tmp_path)
    for strategy in Strategy:
        names = [
            row["full_name"]
            for side in ("train", "val", "test")
            for row in rows(tmp_path, f"{strategy.value}/{side}.json")
        ]
        left_out = report.same_as_held_out if strategy is Strategy.NOVEL_PREMISES else 0
        assert len(names) == len(set(names)) == COUNT - left_out
    assert [len(rows(tmp_path, f"random/{side}.json")) for side in ("train", "val", "test")] == [240, 30, 30]
    assert 30 <= sum(len(rows(tmp_path, f"novel_premises/{side}.json")) for side in ("val", "test")) <= 60
    assert report.theorems == COUNT and report.files == 15 and report.premises == COUNT
    assert sum(one.steps for one in report.sides if one.strategy == "random") == sum(
        len(row["traced_tactics"]) for name in FILES[:3] for row in rows(tmp_path, name)
    )


def test_nothing_leaks_though_statements_repeat(tmp_path: Path) -> None:
    """Every thirtieth theorem says, with another variable, what another one says."""
    report = written(MadeUpProject(COUNT), tmp_path)
    assert report.is_sound
    for leak in report.leaks:
        assert leak.statement_unknown == 0
        assert leak.premises_named == leak.premises_in_corpus > COUNT
    for strategy in Strategy:
        side_of = {
            row["full_name"]: side
            for side in ("train", "val", "test")
            for row in rows(tmp_path, f"{strategy.value}/{side}.json")
        }
        for index in range(0, COUNT, 30):
            pair = {side_of.get(f"t{index}"), side_of.get(f"t{index + 7}")} - {None}
            assert len(pair) == 1


def test_held_out_proofs_use_premises_that_train_does_not_know(tmp_path: Path) -> None:
    written(MadeUpProject(COUNT), tmp_path)

    def names(row: dict[str, object]) -> set[str]:
        return {premise["full_name"] for step in row["traced_tactics"] for premise in step["annotated_tactic"][1]}

    known = set().union(*(names(row) for row in rows(tmp_path, "novel_premises/train.json")))
    held_out = [row for side in ("val", "test") for row in rows(tmp_path, f"novel_premises/{side}.json")]
    assert held_out and all(names(row) - known for row in held_out)


def test_the_same_files_in_another_order_give_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    project = MadeUpProject(60)
    files = [project.read(path) for path in project.paths]
    for name, order, seed in (("a", files, 0), ("b", files[::-1], 0), ("c", files, 1)):
        written(InMemory(order), tmp_path / name, seed)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(tmp_path / "a")["random/val.json"] != contents(tmp_path / "c")["random/val.json"]


def test_the_corpus_follows_the_rules_of_its_readers(tmp_path: Path) -> None:
    """ReProver asserts that every import stands above, and finds a premise by the range that holds its `def_pos`."""
    written(MadeUpProject(COUNT), tmp_path)
    ranges: dict[str, list[tuple[list[int], list[int], str]]] = {}
    for line in (tmp_path / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
        file = json.loads(line)
        assert file["path"] not in ranges and all(name in ranges for name in file["imports"])
        ranges[file["path"]] = [(one["start"], one["end"], one["full_name"]) for one in file["premises"]]
        assert all(one["code"] for one in file["premises"])
    assert len(ranges) == 15
    for name in FILES:
        for row in rows(tmp_path, name):
            for step in row["traced_tactics"]:
                assert "⊢" in step["state_before"] and "<a>" not in step["tactic"]
                for premise in step["annotated_tactic"][1]:
                    assert f"<a>{premise['full_name']}</a>" in step["annotated_tactic"][0]
                    found = [
                        one for start, end, one in ranges[premise["def_path"]] if start <= premise["def_pos"] <= end
                    ]
                    assert found == [premise["full_name"]]


def test_imports_that_are_not_there_and_circles_are_borne(tmp_path: Path) -> None:
    lemma = made_up_theorem("a", ": 1 = 1")
    one = made_up_file(0, [lemma], imports=("M.F00001", "Init", "M.F00000"))
    other = made_up_file(1, [evolve(lemma, full_name="b", statement="theorem b : 2 = 2")], imports=("M.F00000",))
    report = written(InMemory([one, other]), tmp_path)
    assert report.files == 2
    assert [file.path for file in read_corpus(tmp_path / "corpus.jsonl", print)] == ["M/F00000.lean", "M/F00001.lean"]
    assert "Init" not in (tmp_path / "corpus.jsonl").read_text(encoding="utf-8")


def test_incomplete_proofs_and_failed_files_are_counted_and_in_no_split(tmp_path: Path) -> None:
    sound, broken = made_up_theorem("a", ": 1 = 1"), made_up_theorem("b", ": 2 = 2", ("a", "M/F00000.lean", 1), line=10)
    file = made_up_file(0, [sound, evolve(broken, is_complete=False)])
    failed = evolve(made_up_file(1, []), error="Lean stopped.")
    report = written(InMemory([file, failed]), tmp_path)
    assert (report.theorems, report.incomplete, report.without_steps) == (2, 1, 1)
    assert [row["full_name"] for name in FILES[:3] for row in rows(tmp_path, name)] == ["a"]
    assert json.loads((tmp_path / "report.json").read_text())["failed"] == [
        {"path": "M/F00001.lean", "reason": "Lean stopped."}
    ]
    assert "not traced: M/F00001.lean: Lean stopped." in list(report_lines(report))
    assert "b" in {one.full_name for file in read_corpus(tmp_path / "corpus.jsonl", print) for one in file.premises}


def test_an_empty_project_is_an_empty_benchmark(tmp_path: Path) -> None:
    report = written(InMemory([]), tmp_path)
    assert report.is_sound and report.theorems == 0
    assert all(rows(tmp_path, name) == [] for name in FILES)


def test_metadata_and_licenses(tmp_path: Path) -> None:
    origin = evolve(ORIGIN, licenses=(License(name="made-up", text="Do as you like.\n"),), leandojo_version="4.20.0")
    write_benchmark(MadeUpProject(20), tmp_path, origin, 0, lambda path: None)
    metadata = json.loads((tmp_path / "metadata.json").read_text(encoding="utf-8"))
    assert metadata["from_repo"] == {"url": ORIGIN.url, "commit": ORIGIN.commit}
    assert metadata["leandojo_version"] == "4.20.0" and metadata["creation_time"] == ORIGIN.creation_time
    assert (tmp_path / "licenses" / "made-up").read_text(encoding="utf-8") == "Do as you like.\n"
    assert not list(tmp_path.rglob("*.draft"))


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        written(MadeUpProject(20), tmp_path / "file")


def test_a_disk_that_does_not_keep_what_is_written_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = layout.theorem_json
    monkeypatch.setattr(layout, "theorem_json", lambda *arguments: plain(*arguments).replace('"full_name"', '"x"'))
    with pytest.raises(InputError, match=r"does not hold what was written: random/train.json, line 1, item 1: `full_"):
        written(MadeUpProject(20), tmp_path)
    assert not (tmp_path / "metadata.json").exists()


def test_what_leaks_is_found_in_files_that_somebody_else_wrote(tmp_path: Path) -> None:
    written(MadeUpProject(COUNT), tmp_path)
    random_val, novel_val = rows(tmp_path, "random/val.json"), rows(tmp_path, "novel_premises/val.json")
    train = rows(tmp_path, "random/train.json")
    twin = next(row for row in train if row["full_name"] in {f"t{index}" for index in range(0, COUNT, 30)})
    add(tmp_path, "random/val.json", [*random_val, train[5], twin])
    add(tmp_path, "random/train.json", [row for row in train if row is not twin])
    plain = {**rows(tmp_path, "novel_premises/train.json")[0], "full_name": "unknown", "traced_tactics": []}
    add(tmp_path, "novel_premises/val.json", [*novel_val, plain])
    found = check_benchmark(tmp_path, Strategy.RANDOM, print).leaks
    named = f"{train[5]['file_path']} {train[5]['full_name']}"
    places = ("random/train.json, line 1, item 6", f"random/val.json, line 1, item {len(random_val) + 1}")
    assert found.on_two_sides.examples == tuple(f"{named} ({place})" for place in places)
    assert found.on_two_sides.count == 2
    same = f"t{int(twin['full_name'][1:]) + 7}"
    assert {name.split()[1] for name in found.same_statement.examples} == {twin["full_name"], same}
    assert not found.is_clean and found.in_words.startswith("LEAKS: 2 theorems on two sides")
    novel = check_benchmark(tmp_path, Strategy.NOVEL_PREMISES, print).leaks
    assert [name.split()[1] for name in novel.without_novel_premise.examples] == ["unknown"]
    assert novel.statement_unknown == 1


def add(folder: Path, name: str, value: list[dict[str, object]]) -> None:
    (folder / name).write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def test_memory_does_not_grow_with_what_the_proofs_hold(tmp_path: Path) -> None:
    """Four times a megabyte is what reading in pieces takes; benchmarks/ has the same for 100,000 theorems."""
    tracemalloc.start()
    try:
        written(MadeUpProject(240, padding=20_000), tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(file.stat().st_size for file in tmp_path.rglob("*.json")) > 17_000_000
    assert peak < 9_000_000
