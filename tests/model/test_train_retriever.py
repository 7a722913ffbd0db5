"""`train retriever` from the command line, on a handful of theorems: both kinds of encoders, going on, refusals."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from lean_sidekick.cli.app import ExitStatus, run
from lean_sidekick.model_worker.backends.loading import load_backend
from lean_sidekick.model_worker.messages import Device, ModelKind, ModelSpec
from lean_sidekick.training.curves import read_metrics
from lean_sidekick.training.ranking_loss import RankingLoss, ignored_columns

pytestmark = pytest.mark.model

OPERATORS = {"+": "add", "<": "lt", "=": "eq", ">": "gt"}


@pytest.fixture(scope="session")
def byt5_encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from support.tiny_models import byt5_encoder

    return byt5_encoder(tmp_path_factory.mktemp("byt5-encoder"))


@pytest.fixture(scope="session")
def sentence_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from support.tiny_models import sentence_encoder

    return sentence_encoder(tmp_path_factory.mktemp("sentence-encoder"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One lemma for each operator, used by three theorems about it in each of three modules."""
    rows: list[dict[str, Any]] = [
        {"name": f"L.{word}", "module": "L", "line": 1, "type": f"p {symbol} q", "premises": []}
        for symbol, word in OPERATORS.items()
    ]
    rows += [
        {
            "name": f"M{m}.{word}{n}",
            "module": f"M{m}",
            "line": 10 + n,
            "type": f"x{n} {symbol} y{m}",
            "premises": [f"L.{word}"],
        }
        for m in range(3)
        for symbol, word in OPERATORS.items()
        for n in range(3)
    ]
    path = tmp_path / "theorems.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def train(data: Path, base: Path | str, out: Path, *more: str) -> int:
    arguments = ["--base", str(base), "--out", str(out), "--hold-out", "M2", "--device", "cpu", "--batch", "8"]
    return run(["train", "retriever", str(data), *arguments, "--learning-rate", "0.005", "--token-limit", "48", *more])


def summary(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    return found


def vectors(folder: Path, texts: list[str]) -> list[bytes]:
    return load_backend(ModelSpec(source=str(folder), kind=ModelKind.ENCODER, device=Device.CPU)).embed(texts)


@pytest.mark.parametrize("kind", ["sentence", "byt5"])
def test_an_encoder_learns_and_is_loaded_by_the_worker(
    data: Path, sentence_folder: Path, byt5_encoder_folder: Path, tmp_path: Path, kind: str
) -> None:
    """The loss falls; figures and plot are there; the worker's own loader takes the folder and gives other vectors."""
    base = sentence_folder if kind == "sentence" else byt5_encoder_folder
    out = tmp_path / "out"
    assert train(data, base, out, "--epochs", "4", "--negatives", "2") == 0
    found = summary(out)
    assert (found["train_states"], found["held_out_states"], found["held_out_modules"]) == (24, 12, ["M2"])
    assert (found["train_pairs"], found["premises"], found["updates"]) == (24, 40, 12)
    rows = read_metrics(out / "metrics.jsonl")
    losses = [row["eval_loss"] for row in rows if "eval_loss" in row]
    assert len(losses) == 4 and losses[-1] < losses[0]
    recalls = [row["eval_recall@10"] for row in rows if "eval_recall@10" in row]
    assert recalls[0] == pytest.approx(found["before"]["recall@10"], abs=1e-4)
    assert found["after"]["recall@10"] == pytest.approx(max(recalls[1:]), abs=1e-4)
    assert (out / "training.png").stat().st_size > 10_000
    assert vectors(out, ["x + y"]) != vectors(base, ["x + y"])
    assert len(vectors(out, ["x + y", "p"])[0]) == 32 * 4


def test_a_run_that_was_ended_goes_on(data: Path, sentence_folder: Path, tmp_path: Path) -> None:
    """From its last checkpoint, to the same vectors as a run that was not ended."""
    whole, ended = tmp_path / "whole", tmp_path / "ended"
    options = ("--epochs", "4", "--negatives", "1")
    assert train(data, sentence_folder, whole, *options) == 0
    assert train(data, sentence_folder, ended, *options) == 0
    # As an end in the last epoch leaves it: nothing was saved after an earlier checkpoint.
    for path in ended.iterdir():
        if path.is_file() and path.name not in ("plan.json", "metrics.jsonl"):
            path.unlink()
    checkpoints = sorted((ended / "checkpoints").glob("checkpoint-*"), key=lambda p: int(p.name.rpartition("-")[2]))
    shutil.rmtree(checkpoints[-1])
    assert train(data, sentence_folder, ended, *options, "--resume") == 0
    assert summary(ended)["updates"] == summary(whole)["updates"] == 12
    assert summary(ended)["before"] == summary(whole)["before"]
    for one, other in zip(vectors(ended, ["x + y", "p"]), vectors(whole, ["x + y", "p"]), strict=True):
        assert torch.allclose(_tensor(one), _tensor(other), atol=1e-5)


def _tensor(vector: bytes) -> torch.Tensor:
    return torch.frombuffer(bytearray(vector), dtype=torch.float32)


def test_what_is_refused(data: Path, sentence_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert train(data, tmp_path / "no-model", out) != 0
    assert "is not on this machine" in capsys.readouterr().err
    assert train(data, "decoder-mini", tmp_path / "other") == ExitStatus.WRONG_USE
    assert "byt5-small are encoders" in capsys.readouterr().err
    assert train(data, "hmzprover/hpsearch-embed-4b-state", tmp_path / "third") == ExitStatus.WRONG_USE
    assert "a model of its own for premises" in capsys.readouterr().err
    (out / "checkpoints" / "checkpoint-1").mkdir(parents=True)
    assert train(data, sentence_folder, out) == ExitStatus.WRONG_USE
    assert "holds a training run: go on with --resume" in capsys.readouterr().err
    assert train(data, tmp_path / "no-model", out, "--resume", "--seed", "7") == ExitStatus.WRONG_USE
    assert "begun with other options" in capsys.readouterr().err
    only = ["train", "retriever", str(data), "--base", str(sentence_folder), "--out", str(tmp_path / "all")]
    assert run([*only, "--hold-out-share", "0"]) == ExitStatus.WRONG_USE
    assert "No module is held out" in capsys.readouterr().err


def test_what_is_right_too_does_not_count_as_wrong() -> None:
    """Rows are states, columns the premises of the batch: own premises first, then negatives."""
    true = [frozenset({7}), frozenset({7, 8})]
    ignored = ignored_columns([0, 1], [7, 8, 9, 7], true)
    assert ignored.tolist() == [[False, False, False, True], [True, False, False, True]]


def test_the_loss_is_lower_where_the_right_premise_is_nearer() -> None:
    class Rows(torch.nn.Module):
        """Gives what it is given."""

        def forward(self, features: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            return {"sentence_embedding": features["rows"]}

    axes = torch.eye(3)
    loss = RankingLoss(Rows(), [frozenset({0}), frozenset({1})])
    labels = torch.tensor([[0, 0, 2], [1, 1, 2]])
    right = [{"rows": axes[:2]}, {"rows": axes[:2]}, {"rows": axes[[2, 2]]}]
    wrong = [{"rows": axes[:2]}, {"rows": axes[[1, 0]]}, {"rows": axes[[2, 2]]}]
    assert float(loss(right, labels)) < 0.01 < 1 < float(loss(wrong, labels))
