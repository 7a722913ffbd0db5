"""`train tactics` from the command line, on a handful of steps: both kinds of models, LoRA, going on, refusals."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from lean_sidekick.cli.app import ExitStatus, run
from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.model_worker.backends.loading import load_backend
from lean_sidekick.model_worker.batching import Part
from lean_sidekick.model_worker.messages import Device, Generate, ModelKind, ModelSpec
from lean_sidekick.tactics.card_files import load_card
from lean_sidekick.training.curves import read_metrics
from lean_sidekick.training.exact_match import match, score_baseline

pytestmark = pytest.mark.model

STEPS = [("⊢ a = a", "rfl"), ("h : p\n⊢ p", "exact h"), ("⊢ p → p", "intro h"), ("⊢ True", "trivial")]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four steps in each of three modules."""
    path = tmp_path / "steps.jsonl"
    rows = [
        {"module": f"M{m}", "state_before": state if m < 2 else f"x : Nat\n{state}", "tactic": tactic}
        for m in range(3)
        for state, tactic in STEPS
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def train(data: Path, base: Path, out: Path, *more: str) -> int:
    arguments = ["--base", str(base), "--out", str(out), "--hold-out", "M2", "--device", "cpu", "--batch", "4", *more]
    return run(["train", "tactics", str(data), *arguments])


def summary(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(("kind", "adapter"), [(ModelKind.SEQ2SEQ, "reprover"), (ModelKind.CAUSAL, "llmstep")])
@pytest.mark.parametrize("extent", [(), ("--lora", "--lora-rank", "4")])
def test_a_model_learns_and_is_loaded_by_the_worker(
    data: Path, byt5_folder: Path, qwen_folder: Path, tmp_path: Path, kind: ModelKind, adapter: str, extent: tuple[str]
) -> None:
    """The loss falls; figures, plot, card and model are there, and the worker's own loader takes them."""
    base = byt5_folder if kind is ModelKind.SEQ2SEQ else qwen_folder
    out = tmp_path / "out"
    assert train(data, base, out, "--adapter", adapter, "--epochs", "6", "--learning-rate", "0.02", *extent) == 0
    found = summary(out)
    assert (found["train_examples"], found["held_out_examples"], found["held_out_modules"]) == (8, 4, ["M2"])
    assert found["updates"] == 12
    losses = [row["eval_loss"] for row in read_metrics(out / "metrics.jsonl") if "eval_loss" in row]
    assert losses[-1] < losses[0]
    assert (out / "training.png").stat().st_size > 10_000
    card = load_card(out / "out.toml")
    assert (card.adapter, card.folder) == (adapter, out)
    backend = load_backend(ModelSpec(source=str(out), kind=kind, device=Device.CPU))
    decoding = Decoding(strategy=Strategy.BEAM, candidate_count=2, max_new_tokens=4)
    job = Generate(id=1, model=ModelSpec(source="", kind=kind), prompt="⊢ a = a", decoding=decoding)
    assert len(backend.generate([Part(job=job, first=0, count=2)], lambda _: False)[0]) == 2


@pytest.mark.parametrize(("kind", "adapter"), [(ModelKind.SEQ2SEQ, "reprover"), (ModelKind.CAUSAL, "llmstep")])
def test_variants_and_prompts_are_trained_on_and_not_scored(
    data: Path, byt5_folder: Path, qwen_folder: Path, tmp_path: Path, kind: ModelKind, adapter: str
) -> None:
    """Two variants of the four steps with a hypothesis in it; an encoder-decoder also fills gaps in every prompt."""
    base = byt5_folder if kind is ModelKind.SEQ2SEQ else qwen_folder
    steps = [("x y : Nat\n⊢ x = x", "rfl"), ("n : Nat\n⊢ n = n", "rfl"), ("⊢ True", "trivial")]
    rows = [{"module": f"M{m}", "state_before": state, "tactic": tactic} for m in range(2) for state, tactic in steps]
    rows.append({"module": "M2", "state_before": "⊢ 1 = 1", "tactic": "rfl"})
    data.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    options = ("--adapter", adapter, "--epochs", "1", "--variants", "2", "--learn-prompts")
    assert train(data, base, tmp_path / "out", *options) == 0
    found = summary(tmp_path / "out")
    expected = 8 + (6 + 8 if kind is ModelKind.SEQ2SEQ else 0)
    assert (found["train_examples"], found["held_out_examples"]) == (6, 1)
    assert found["examples_made_of_them"] == expected
    assert found["most_frequent_tactics"]["exact_match"] == 1.0


def weights(folder: Path, kind: ModelKind) -> dict[str, torch.Tensor]:
    backend: Any = load_backend(ModelSpec(source=str(folder), kind=kind, device=Device.CPU))
    found: dict[str, torch.Tensor] = backend.model.state_dict()
    return found


def test_a_run_that_was_ended_goes_on(data: Path, qwen_folder: Path, tmp_path: Path) -> None:
    """From its last checkpoint, to the same weights as a run that was not ended."""
    whole, ended = tmp_path / "whole", tmp_path / "ended"
    options = ("--adapter", "llmstep", "--epochs", "4")
    assert train(data, qwen_folder, whole, *options) == 0
    assert train(data, qwen_folder, ended, *options) == 0
    # As an end before the last checkpoint leaves it.
    for path in ended.iterdir():
        if path.is_file() and path.name not in ("plan.json", "metrics.jsonl"):
            path.unlink()
    checkpoints = sorted((ended / "checkpoints").iterdir(), key=lambda p: int(p.name.rpartition("-")[2]))
    shutil.rmtree(checkpoints[-1])
    assert train(data, qwen_folder, ended, *options, "--resume") == 0
    assert summary(ended)["updates"] == summary(whole)["updates"] == 8
    expected = weights(whole, ModelKind.CAUSAL)
    for name, tensor in weights(ended, ModelKind.CAUSAL).items():
        assert torch.allclose(tensor, expected[name], atol=1e-6), name


def test_what_is_refused(data: Path, qwen_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert train(data, qwen_folder, out, "--adapter", "kimina-prover") == ExitStatus.WRONG_USE
    assert "no adapter kimina-prover for single steps: choose one of reprover" in capsys.readouterr().err
    assert train(data, qwen_folder, out, "--resume") == ExitStatus.WRONG_USE
    assert "holds no training run" in capsys.readouterr().err
    assert train(data, tmp_path / "no-model", out) != 0
    assert "is not on this machine" in capsys.readouterr().err
    (out / "checkpoints" / "checkpoint-1").mkdir(parents=True)
    assert train(data, qwen_folder, out) == ExitStatus.WRONG_USE
    assert "holds a training run: go on with --resume" in capsys.readouterr().err
    assert train(data, tmp_path / "no-model", out, "--resume", "--seed", "7") == ExitStatus.WRONG_USE
    assert "begun with other options" in capsys.readouterr().err


def test_exact_match_is_counted_at_one_and_at_eight() -> None:
    said = [["rfl", "simp"], ["simp", "exact  h"], [], [*map(str, range(8)), "omega"]]
    found = match(["rfl", "exact h", "simp", "omega"], said)
    assert (found.at_1, found.at_8, found.count) == (0.25, 0.5, 4)


def test_the_baseline_says_what_was_most_frequent() -> None:
    found = score_baseline(["simp", "rfl", "simp", "intro h"], ["simp", "rfl", "omega", "decide"])
    assert (found.at_1, found.at_8) == (0.25, 0.5)
