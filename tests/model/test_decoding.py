"""Decoding on tiny random models: what is drawn, what it is worth, when it ends; against transformers' own where it has
the same."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GenerationConfig

from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.core.errors import InputError
from lean_sidekick.model_worker.backends.api import AllCancelledError, OutOfMemoryError
from lean_sidekick.model_worker.backends.generation import GeneratingBackend
from lean_sidekick.model_worker.backends.loading import load_backend
from lean_sidekick.model_worker.backends.sampling import RowSampler
from lean_sidekick.model_worker.batching import Part
from lean_sidekick.model_worker.messages import Device, Generate, Generated, ModelKind, ModelSpec
from support.tiny_models import STATES

pytestmark = pytest.mark.model

NEVER: Callable[[int], bool] = lambda _: False  # noqa: E731 - a value handed on, not a function of its own
TOKENS = 12


@pytest.fixture(scope="module", params=["byt5", "qwen"])
def backend(request: pytest.FixtureRequest, byt5_folder: Path, qwen_folder: Path) -> GeneratingBackend:
    """An encoder-decoder, and a decoder-only model."""
    is_byt5 = request.param == "byt5"
    folder, kind = (byt5_folder, ModelKind.SEQ2SEQ) if is_byt5 else (qwen_folder, ModelKind.CAUSAL)
    loaded = load_backend(ModelSpec(source=str(folder), kind=kind, device=Device.CPU))
    assert isinstance(loaded, GeneratingBackend)
    return loaded


def sampled(count: int = 6, seed: int = 1, **more: Any) -> Decoding:
    settings = {"max_new_tokens": TOKENS, **more}
    return Decoding(strategy=Strategy.SAMPLE, candidate_count=count, seed=seed, **settings)


def part(prompt: str, decoding: Decoding, number: int = 0, **more: Any) -> Part:
    model = ModelSpec(source="", kind=ModelKind.CAUSAL)
    job = Generate(id=number, model=model, prompt=prompt, decoding=decoding, **more)
    return Part(job=job, first=0, count=decoding.candidate_count)


def run(backend: GeneratingBackend, *parts: Part) -> list[tuple[Generated, ...]]:
    return backend.generate(parts, NEVER)


def texts(generated: Sequence[Generated]) -> list[str]:
    return [one.text for one in generated]


def plain(backend: GeneratingBackend, prompt: str, **settings: Any) -> tuple[list[str], list[float]]:
    """Transformers' own `generate` on one prompt: texts and summed log-probabilities of the tokens."""
    found = backend.tokens([prompt])
    with torch.inference_mode():
        output = backend.model.generate(
            **found,
            generation_config=GenerationConfig(
                max_new_tokens=TOKENS, do_sample=False, return_dict_in_generate=True, output_logits=True, **settings
            ),
        )
        scores = backend.model.compute_transition_scores(
            output.sequences, output.logits, getattr(output, "beam_indices", None), normalize_logits=True
        )
    written = output.sequences[:, -scores.shape[1] :]
    is_real = written != backend.pad_id
    sums = scores.masked_fill(~is_real, 0.0).sum(1).tolist()
    return backend.tokenizer.batch_decode(written, skip_special_tokens=True), sums


@pytest.mark.parametrize("penalty", [1.0, 1.7])
def test_temperature_zero_is_the_likeliest_token_each_time(backend: GeneratingBackend, penalty: float) -> None:
    """In a padded batch, with the prompts read once: the same texts and log-probabilities as one by one."""
    decoding = sampled(2, temperatures=(0.0,), repetition_penalty=penalty)
    for prompt, found in zip(STATES, run(backend, *(part(s, decoding) for s in STATES)), strict=True):
        (text,), (log_probability,) = plain(backend, prompt, repetition_penalty=penalty)
        assert texts(found) == [text, text]
        assert found[0].log_probability == pytest.approx(log_probability, abs=1e-3)


@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
def test_beam_search_is_that_of_transformers(backend: GeneratingBackend, length_penalty: float) -> None:
    decoding = Decoding(strategy=Strategy.BEAM, candidate_count=4, max_new_tokens=TOKENS, length_penalty=length_penalty)
    for prompt, found in zip(STATES, run(backend, *(part(s, decoding) for s in STATES)), strict=True):
        expected, sums = plain(
            backend, prompt, num_beams=4, num_return_sequences=4, early_stopping=False, length_penalty=length_penalty
        )
        assert texts(found) == expected
        assert [one.log_probability for one in found] == pytest.approx(sums, abs=1e-3)


def test_the_same_seed_gives_the_same_texts_whatever_else_is_in_the_batch(backend: GeneratingBackend) -> None:
    alone = run(backend, part(STATES[0], sampled()))[0]
    others = [part(state, sampled(5, seed=9, temperatures=(0.3,), top_k=3)) for state in STATES]
    among = run(backend, others[0], part(STATES[0], sampled()), *others[1:])[1]
    assert texts(among) == texts(alone)
    assert texts(run(backend, part(STATES[0], sampled(seed=2)))[0]) != texts(alone)


def test_a_request_that_is_cut_into_parts_gives_the_same_texts(backend: GeneratingBackend) -> None:
    whole = part(STATES[1], sampled())
    cut = [Part(job=whole.job, first=0, count=2), Part(job=whole.job, first=2, count=4)]
    halves = [one for generated in cut for one in run(backend, generated)[0]]
    assert texts(halves) == texts(run(backend, whole)[0])


def test_two_temperatures_share_the_samples(backend: GeneratingBackend) -> None:
    found = texts(run(backend, part(STATES[0], sampled(5, temperatures=(0.0, 5.0))))[0])
    assert len(set(found[:3])) == 1
    assert len(set(found[2:])) == 3


@pytest.mark.parametrize("cut", [{"top_k": 1}, {"top_p": 1e-6}])
def test_cuts_to_one_token_leave_the_likeliest(backend: GeneratingBackend, cut: dict[str, Any]) -> None:
    (text,), _ = plain(backend, STATES[0])
    assert set(texts(run(backend, part(STATES[0], sampled(4, temperatures=(3.0,), **cut)))[0])) == {text}


def test_each_request_ends_at_its_own_limit(backend: GeneratingBackend) -> None:
    parts = [
        part(state, sampled(3, max_new_tokens=n), min_new_tokens=n) for state, n in zip(STATES, (2, 9, 5), strict=True)
    ]
    for found, tokens in zip(run(backend, *parts), (2, 9, 5), strict=True):
        assert [one.tokens for one in found] == [tokens] * 3


def test_a_stop_text_ends_a_candidate_before_it(backend: GeneratingBackend) -> None:
    """Of one request only; its text is that without the stop up to there."""
    decoding = sampled(4, max_new_tokens=40)
    free = run(backend, part(STATES[0], decoding, min_new_tokens=40))[0]
    stop = free[0].text[3]
    stopped, other = run(
        backend,
        part(STATES[0], decoding, min_new_tokens=40, stop=(stop, "never")),
        part(STATES[0], decoding, min_new_tokens=40),
    )
    assert texts(stopped) == [text.partition(stop)[0] for text in texts(free)]
    assert texts(other) == texts(free)
    assert stopped[0].is_finished and stopped[0].tokens < 40
    assert not free[0].is_finished


class Forwards:
    """Counts the calls of a model, and tells when it was cancelled."""

    def __init__(self, backend: GeneratingBackend, cancel_after: int, requests: set[int]) -> None:
        self.count = 0
        self._cancel_after = cancel_after
        self._requests = requests
        self._handle = backend.model.register_forward_hook(self._called)

    def _called(self, *_: object) -> None:
        self.count += 1

    def is_cancelled(self, request: int) -> bool:
        return request in self._requests and self.count >= self._cancel_after

    def __enter__(self) -> "Forwards":
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.remove()


@pytest.mark.parametrize("strategy", Strategy)
def test_a_call_that_nobody_waits_for_ends_within_one_step(backend: GeneratingBackend, strategy: Strategy) -> None:
    decoding = Decoding(strategy=strategy, candidate_count=3, max_new_tokens=60)
    with Forwards(backend, 5, {1, 2}) as forwards:
        with pytest.raises(AllCancelledError):
            backend.generate(
                [part(STATES[0], decoding, 1, min_new_tokens=60), part(STATES[1], decoding, 2, min_new_tokens=60)],
                forwards.is_cancelled,
            )
        assert forwards.count <= 6


def test_cancelling_one_request_leaves_the_others_as_they_are(backend: GeneratingBackend) -> None:
    """And the call ends when the others have: the cancelled one's sixty tokens are not written."""
    short = part(STATES[0], sampled(max_new_tokens=8), 1, min_new_tokens=8)
    long = part(STATES[1], sampled(max_new_tokens=60), 2, min_new_tokens=60)
    with Forwards(backend, 3, {2}) as forwards:
        found, _ = backend.generate([short, long], forwards.is_cancelled)
        assert forwards.count <= 10
    assert texts(found) == texts(run(backend, short)[0])


def test_running_out_of_memory_is_told_apart(backend: GeneratingBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    def other(**_: object) -> None:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(backend.model, "generate", full)
    with pytest.raises(OutOfMemoryError):
        run(backend, part(STATES[0], sampled()))
    monkeypatch.setattr(backend.model, "generate", other)
    with pytest.raises(RuntimeError, match="shapes"):
        run(backend, part(STATES[0], sampled()))


def test_a_model_that_writes_gives_no_vectors(backend: GeneratingBackend) -> None:
    with pytest.raises(InputError):
        backend.embed(["a"])
    with pytest.raises(InputError):
        backend.score([("a", "b")])


@pytest.mark.parametrize(
    ("settings", "kept"), [({}, 8), ({"top_k": 3}, 3), ({"top_p": 0.8}, 4), ({"top_k": 2, "top_p": 0.8}, 2)]
)
def test_tokens_are_drawn_as_often_as_they_are_likely(settings: dict[str, Any], kept: int) -> None:
    """40,000 rows of one step over eight tokens, against the softmax cut by hand."""
    logits = torch.tensor([2.0, 1.0, 1.5, 0.0, 0.5, -1.0, 1.2, -3.0])
    rows, temperature = 40_000, 1.3
    decoding = sampled(rows, max_new_tokens=1, temperatures=(temperature,), **settings)
    sampler = RowSampler([part("", decoding)], [], torch.device("cpu"))
    picked = sampler(torch.zeros(rows, 1, dtype=torch.long), logits.expand(rows, -1).clone()).argmax(-1)
    expected = (logits / temperature).softmax(-1)
    expected[expected.argsort(descending=True)[kept:]] = 0.0
    expected /= expected.sum()
    shares = torch.bincount(picked, minlength=8) / rows
    assert torch.all(shares[expected == 0] == 0)
    assert torch.allclose(shares, expected, atol=0.012)
    assert torch.allclose(sampler.logprobs[:, 0], logits.log_softmax(-1)[picked])
