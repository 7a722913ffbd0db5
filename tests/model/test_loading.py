"""Loading: what is taken, what is refused, and in which words; vectors and scores; the real process."""

import json
from pathlib import Path
from struct import unpack

import pytest
import torch

from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.core.errors import ModelUnavailable
from lean_sidekick.model_worker.backends.loading import load_backend
from lean_sidekick.model_worker.client import WorkerClient, WorkerLimits
from lean_sidekick.model_worker.messages import Device, ModelKind, ModelSpec, Pooling, Precision, Urgency
from support.tiny_models import STATES, byt5, byt5_encoder, large, reranker

pytestmark = pytest.mark.model


def spec(folder: Path, kind: ModelKind, **more: object) -> ModelSpec:
    return ModelSpec(source=str(folder), kind=kind, device=Device.CPU, **more)  # type: ignore[arg-type]


def numbers(vector: bytes) -> torch.Tensor:
    return torch.tensor(unpack(f"<{len(vector) // 4}f", vector))


def test_what_is_not_there_is_not_fetched() -> None:
    with pytest.raises(ModelUnavailable, match="org/model is not on this machine"):
        load_backend(ModelSpec(source="org/model", kind=ModelKind.CAUSAL))


def test_weights_that_can_hold_programs_are_not_read(byt5_folder: Path, tmp_path: Path) -> None:
    """The same model as a pickle."""
    for file in byt5_folder.glob("*.json"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelUnavailable, match=r"no `\.safetensors` file"):
        load_backend(spec(tmp_path, ModelKind.SEQ2SEQ))


def test_code_that_comes_with_a_model_is_not_run(tmp_path: Path) -> None:
    folder = byt5(tmp_path / "model")
    flag = tmp_path / "was-run"
    (folder / "evil.py").write_text(f"open({str(flag)!r}, 'w')\nclass Evil: pass\n", encoding="utf-8")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config |= {
        "model_type": "evil",
        "auto_map": dict.fromkeys(("AutoConfig", "AutoModelForSeq2SeqLM"), "evil.Evil"),
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        load_backend(spec(folder, ModelKind.SEQ2SEQ))
    assert not flag.exists()


def test_a_broken_folder_gets_a_sentence(tmp_path: Path) -> None:
    folder = byt5(tmp_path / "model")
    (folder / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelUnavailable, match=str(folder)):
        load_backend(spec(folder, ModelKind.SEQ2SEQ))
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        load_backend(spec(folder, ModelKind.CAUSAL))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU, so that asking for one is no mistake")
def test_a_device_that_is_not_there(byt5_folder: Path) -> None:
    with pytest.raises(ModelUnavailable, match="no cuda device"):
        load_backend(ModelSpec(source=str(byt5_folder), kind=ModelKind.SEQ2SEQ, device=Device.CUDA))


def test_precision_is_what_was_asked_for(byt5_folder: Path) -> None:
    full = load_backend(spec(byt5_folder, ModelKind.SEQ2SEQ)).loaded
    half = load_backend(spec(byt5_folder, ModelKind.SEQ2SEQ, precision=Precision.BF16)).loaded
    assert (full.precision, half.precision) == ("fp32", "bf16")
    assert full.parameters == half.parameters > 10_000
    assert 0 < full.memory_before_mb <= full.memory_after_mb


async def test_memory_after_loading_has_the_weights_in_it(tmp_path: Path) -> None:
    """They are a view of a file at first, which is no memory in use until they are read.

    In a process of its own: this one has memory of other tests to hand out again, which does not make it grow.
    """
    large(tmp_path)
    client = WorkerClient(lambda note: None, WorkerLimits())
    try:
        loaded = await client.load(spec(tmp_path, ModelKind.SEQ2SEQ), timeout_s=150)
    finally:
        await client.close()
    assert loaded.memory_after_mb - loaded.memory_before_mb > 0.9 * loaded.parameters * 4 / 2**20


@pytest.mark.parametrize("precision", [Precision.INT8, Precision.INT4])
def test_few_bits_without_their_library_say_what_to_do(
    byt5_folder: Path, precision: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lean_sidekick.model_worker.backends.loading.find_spec", lambda name: None)
    with pytest.raises(ModelUnavailable, match=rf"in {precision.value} need bitsandbytes .*another precision"):
        load_backend(spec(byt5_folder, ModelKind.SEQ2SEQ, precision=precision))


def test_vectors_are_means_over_the_text_alone(tmp_path: Path) -> None:
    """Of length 1, the same in a padded batch as alone; long texts are cut, not refused."""
    encoder = load_backend(spec(byt5_encoder(tmp_path), ModelKind.ENCODER))
    together = [numbers(vector) for vector in encoder.embed(STATES)]
    for text, vector in zip(STATES, together, strict=True):
        assert vector.norm().item() == pytest.approx(1.0, abs=1e-5)
        assert torch.allclose(vector, numbers(encoder.embed([text])[0]), atol=1e-5)
    short = load_backend(spec(tmp_path, ModelKind.ENCODER, max_input_tokens=4))
    cut = [numbers(short.embed([text])[0]) for text in ("abcdef", "abcxyz")]
    assert torch.allclose(cut[0], cut[1])
    for pooling in (Pooling.FIRST, Pooling.LAST):
        other = load_backend(spec(tmp_path, ModelKind.ENCODER, pooling=pooling))
        padded = numbers(other.embed(STATES)[0])
        assert torch.allclose(padded, numbers(other.embed(STATES[:1])[0]), atol=1e-5)
        assert not torch.allclose(padded, together[0], atol=1e-3)


def test_a_reranker_scores_pairs(tmp_path: Path) -> None:
    backend = load_backend(spec(reranker(tmp_path), ModelKind.RERANKER))
    pairs = [("a = b", "b = a"), ("a = b", "x < y")]
    scores = backend.score(pairs)
    assert scores[0] != scores[1]
    assert scores == pytest.approx([backend.score([pair])[0] for pair in pairs], abs=1e-5)


@pytest.mark.timeout(180)  # a process that imports torch, on a busy machine
async def test_the_real_process(byt5_folder: Path, qwen_folder: Path, tmp_path: Path) -> None:
    """Three models in one worker, over the pipe; it says what each needs, and computes nothing in this process."""
    notes: list[str] = []
    client = WorkerClient(notes.append, WorkerLimits())
    decoding = Decoding(strategy=Strategy.SAMPLE, candidate_count=4, max_new_tokens=5, temperatures=(0.7, 1.2))
    encoder = spec(byt5_encoder(tmp_path), ModelKind.ENCODER)
    try:
        for model in (spec(byt5_folder, ModelKind.SEQ2SEQ), spec(qwen_folder, ModelKind.CAUSAL)):
            answer = await client.generate(model, STATES[0], decoding, urgency=Urgency.CURSOR, timeout_s=150)
            assert answer.batch_rows == 4
            assert 1 <= len(answer.candidates) <= 4
            assert answer.prompt_tokens > 5
        vectors = await client.embed(encoder, STATES, urgency=Urgency.CURSOR, timeout_s=150)
        assert (vectors.count, vectors.dimension) == (3, 32)
        status = await client.status(timeout_s=150)
    finally:
        await client.close()
    assert status is not None
    assert [report.source for report in status.loaded] == [str(byt5_folder), str(qwen_folder), str(tmp_path)]
    assert len(notes) == 3
