"""What an extraction goes over: own files only, below a place; sets with proofs; texts as Lean counts them."""

import json
from pathlib import Path

import pytest

from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.data_sets import Selection, open_data_set
from lean_sidekick.evaluation.extraction.targets import ReferenceTargets, project_targets
from lean_sidekick.lean.project import find_project
from lean_sidekick.premises.sources import Sources


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    for name in ("A.lean", "N/B.lean", "N/C.lean", ".lake/packages/p/P.lean", "build/Q.lean"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(f"-- {name} ∀\r\ntheorem t : True := by\r\n  trivial\r\n".encode())
    (tmp_path / "lean-toolchain").write_text("x\n")
    return Sources(find_project(tmp_path), None, {})


def paths(sources: Sources, place: Path) -> list[str]:
    targets = project_targets(sources, place)
    found = [target.path for target in targets.read()]
    assert len(found) == targets.count
    return found


def test_a_project_a_folder_and_a_file(sources: Sources, tmp_path: Path) -> None:
    assert paths(sources, tmp_path) == ["A.lean", "N/B.lean", "N/C.lean"]
    assert paths(sources, tmp_path / "N") == ["N/B.lean", "N/C.lean"]
    assert paths(sources, tmp_path / "N" / "C.lean") == ["N/C.lean"]


def test_a_file_has_its_module_and_lf_line_ends(sources: Sources, tmp_path: Path) -> None:
    [target] = project_targets(sources, tmp_path / "N" / "B.lean").read()
    assert target.module == "N.B"
    assert target.text == "-- N/B.lean ∀\ntheorem t : True := by\n  trivial\n"
    assert len(target.digest) == 64


def test_what_is_no_part_of_the_project_is_refused_but_for_a_file(sources: Sources, tmp_path: Path) -> None:
    assert paths(sources, tmp_path / "build" / "Q.lean") == ["Q.lean"]
    (tmp_path / "empty").mkdir()
    for name in ("empty", "lean-toolchain"):
        with pytest.raises(InputError, match="has no Lean files: name a project"):
            project_targets(sources, tmp_path / name)


def test_a_file_that_is_gone_or_no_text(sources: Sources, tmp_path: Path) -> None:
    targets = project_targets(sources, tmp_path)
    (tmp_path / "A.lean").write_bytes(b"\xff\xfe theorem")
    assert next(targets.read()).text == "�� theorem"
    (tmp_path / "A.lean").unlink()
    with pytest.raises(InputError, match=r"A\.lean cannot be read: No such file"):
        next(targets.read())


def test_reference_proofs_are_files_of_their_own(tmp_path: Path) -> None:
    data = tmp_path / "some_set.jsonl"
    row = {"name": "t", "statement": "theorem t : True ∧ True := by", "reference_proof": "constructor\n· trivial"}
    data.write_text(json.dumps(row) + "\n")
    [target] = ReferenceTargets(data=open_data_set(data, Selection(), None)).read()
    assert (target.path, target.module) == ("some_set/t.lean", "some_set")
    assert target.text == "theorem t : True ∧ True := by\n  constructor\n  · trivial\n"
