"""The store of traced files: found again after a kill, one line a file, damage said with its line."""

from pathlib import Path

import pytest
from attrs import evolve

from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.extraction.store import STORE_FILE, open_traced_store
from support.made_up_traces import MadeUpProject

PROJECT = MadeUpProject(60)
FILES = [PROJECT.read(path) for path in PROJECT.paths]


def filled(folder: Path) -> Path:
    with open_traced_store(folder) as store:
        for file in reversed(FILES):
            store.add(file, key="k1")
    return folder / STORE_FILE


def test_what_was_added_is_there_again(tmp_path: Path) -> None:
    filled(tmp_path)
    with open_traced_store(tmp_path) as store:
        assert store.paths == PROJECT.paths
        assert [store.read(path) for path in store.paths] == FILES
        assert store.key(FILES[0].path) == "k1" and store.key("M/Other.lean") is None


def test_a_file_that_was_traced_again_replaces_its_line(tmp_path: Path) -> None:
    filled(tmp_path)
    changed = evolve(FILES[1], error="Lean stopped.")
    with open_traced_store(tmp_path) as store:
        store.add(changed, key="k2")
        assert store.read(changed.path) == changed
    with open_traced_store(tmp_path) as store:
        assert (store.read(changed.path), store.key(changed.path)) == (changed, "k2")
        assert store.paths == PROJECT.paths


def test_a_line_that_was_cut_off_by_a_kill_is_traced_again(tmp_path: Path) -> None:
    path = filled(tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    with open_traced_store(tmp_path) as store:
        assert store.paths == PROJECT.paths[1:]
        store.add(FILES[0], key="k1")
        assert [store.read(path) for path in store.paths] == FILES


@pytest.mark.parametrize(("damage", "where"), [("{}\n", "line 2: damaged"), ("x\n", "line 2: damaged")])
def test_a_damaged_line_is_said(tmp_path: Path, damage: str, where: str) -> None:
    path = filled(tmp_path)
    first, _, rest = path.read_text(encoding="utf-8").partition("\n")
    path.write_text(f"{first}\n{damage}{rest}", encoding="utf-8")
    with pytest.raises(InputError, match=where), open_traced_store(tmp_path):
        pass


def test_a_damaged_file_is_said_when_it_is_read(tmp_path: Path) -> None:
    path = filled(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace('"theorems"', '"theorem"', 1), encoding="utf-8")
    with open_traced_store(tmp_path) as store, pytest.raises(InputError, match="line 1: no traced file"):
        store.read(FILES[-1].path)


def test_two_processes_do_not_write_to_one_store(tmp_path: Path) -> None:
    with (
        open_traced_store(tmp_path),
        pytest.raises(InputError, match="Another process"),
        open_traced_store(tmp_path),
    ):
        pass
