"""How far a loading is: an estimate that is never done before the model is, and says nothing where nothing is known."""

import threading
from pathlib import Path

import pytest

from lean_sidekick.model_worker import loading_progress
from lean_sidekick.model_worker.loading_progress import percent_of, told_of_loading, weights_size
from lean_sidekick.model_worker.messages import Loading, ModelKind, ModelSpec

MODEL = ModelSpec(source="org/model", kind=ModelKind.CAUSAL)


@pytest.mark.parametrize(
    ("gained", "size", "percent"), [(0, 100, 0), (-5, 100, 0), (41, 100, 41), (100, 100, 99), (7, 0, 99)]
)
def test_it_is_never_done_and_never_less_than_nothing(gained: int, size: int, percent: int) -> None:
    assert percent_of(gained, size) == percent


def test_only_weights_that_are_read_count(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"12345")
    (tmp_path / "b.bin").write_bytes(b"123")
    assert weights_size(tmp_path) == 5


def test_it_is_told_while_the_block_runs_and_only_when_there_is_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The size is looked up once the libraries are there; memory from then on is the model's."""
    (tmp_path / "a.safetensors").write_bytes(b"x" * 100)
    memory = iter([1000, 1020, 1010, 1090, 1300])
    told: list[Loading] = []
    enough = threading.Event()

    def resident() -> int:
        return next(memory, 1300)

    def send(loading: Loading) -> None:
        told.append(loading)
        if loading.percent == 99:
            enough.set()

    monkeypatch.setattr(loading_progress, "_EVERY_S", 0.001)
    monkeypatch.setattr(loading_progress, "_resident_bytes", resident)
    monkeypatch.setattr(loading_progress, "_find_folder", lambda model: tmp_path)
    with told_of_loading(MODEL, send):
        assert enough.wait(20)
    assert [loading.percent for loading in told] == [0, 20, 90, 99]


def test_before_its_libraries_are_there_nothing_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading_progress, "_LOADER", "no.such.module")
    told: list[Loading] = []
    with told_of_loading(MODEL, told.append):
        assert loading_progress._find_folder(MODEL) is None
    assert [loading.percent for loading in told] == [0]
