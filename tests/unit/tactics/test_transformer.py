"""A model on this machine behind the border that every text model has, with a client of the test."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from attrs import define, field

from lean_sidekick.core.candidates import Source
from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.core.errors import InputError, ModelUnavailable
from lean_sidekick.core.goals import parse_goal
from lean_sidekick.model_worker.messages import (
    Candidates,
    Device,
    Generated,
    LoadReport,
    ModelKind,
    ModelSpec,
    Precision,
    Urgency,
    Vectors,
    WorkerStatus,
)
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.cards import Architecture, ModelCard
from lean_sidekick.tactics.cards import Precision as CardPrecision
from lean_sidekick.tactics.models import ModelGenerator
from lean_sidekick.tactics.transformer import LocalModel, spec_of


@define
class Client:
    """Answers when all that was announced has been asked, as a batch would."""

    expected: int
    says: dict[str, tuple[str, ...]]
    asked: list[str] = field(factory=list)
    _all: asyncio.Event = field(factory=asyncio.Event)

    async def generate(
        self,
        model: ModelSpec,
        prompt: str,
        decoding: Decoding,
        *,
        urgency: Urgency,
        timeout_s: float,
        stop: tuple[str, ...] = (),
        min_new_tokens: int = 0,
    ) -> Candidates:
        self.asked.append(prompt)
        if len(self.asked) == self.expected:
            self._all.set()
        async with asyncio.timeout(timeout_s):
            await self._all.wait()
        target = prompt.partition("⊢ ")[2].partition("\n")[0].removesuffix(":::")
        if target == "long":
            raise InputError("The prompt is too long.")
        if target == "gone":
            raise ModelUnavailable("The model is gone.")
        generated = tuple(
            Generated(text=text, log_probability=-float(n), tokens=2, is_finished=not text.endswith("…"))
            for n, text in enumerate(self.says[target])
        )
        return Candidates(id=1, candidates=generated, prompt_tokens=5, seconds=0.1, batch_rows=2)

    async def load(self, model: ModelSpec, *, timeout_s: float) -> LoadReport:
        raise NotImplementedError

    async def embed(
        self, model: ModelSpec, texts: Sequence[str], *, urgency: Urgency, timeout_s: float, prefix: str = ""
    ) -> Vectors:
        raise NotImplementedError

    async def score(
        self, model: ModelSpec, query: str, texts: Sequence[str], *, urgency: Urgency, timeout_s: float
    ) -> tuple[float, ...]:
        raise NotImplementedError

    async def status(self, *, timeout_s: float) -> WorkerStatus | None:
        return None

    async def close(self) -> None:
        return None


def card(architecture: Architecture = Architecture.ENCODER_DECODER, folder: Path | None = None) -> ModelCard:
    return ModelCard(
        name="test",
        adapter="reprover" if architecture is Architecture.ENCODER_DECODER else "bfs-prover",
        architecture=architecture,
        hub="" if folder else "org/model",
        folder=folder,
        revision="abc",
        licence="MIT",
        parameters=0,
        download_mb=0,
        precision=CardPrecision.BF16,
        context_tokens=2000,
        decoding=Decoding(strategy=Strategy.SAMPLE, candidate_count=4, max_new_tokens=100),
        figures=(),
        note="",
        path=Path("test.toml"),
    )


def generator(client: Client, of: ModelCard) -> ModelGenerator:
    model = LocalModel(client=client, spec=spec_of(of, Device.AUTO, None), urgency=Urgency.BACKGROUND, timeout_s=5.0)
    return ModelGenerator(card=of, model=model, source=Source.TRANSFORMER)


def request(target: str) -> TacticRequest:
    return TacticRequest(goal=parse_goal(f"⊢ {target}"))


async def test_several_goals_are_asked_at_once_and_answered_each_by_its_own() -> None:
    """One that is too long costs the others nothing; what was cut off in the middle is no candidate."""
    client = Client(expected=3, says={"a": ("simp", "rfl", "rw [foo…"), "b": ("intro h",)})
    requests = [request("a"), request("long"), request("b")]
    found = await generator(client, card()).generate_many(requests)
    assert [[c.text for c in candidates] for candidates in found] == [["simp", "rfl"], [], ["intro h"]]
    assert {c.source for candidates in found for c in candidates} == {Source.TRANSFORMER}


async def test_what_goes_wrong_reaches_the_caller_as_it_is() -> None:
    client = Client(expected=2, says={"a": ("simp",)})
    with pytest.raises(ModelUnavailable, match="gone"):
        await generator(client, card()).generate_many([request("a"), request("gone")])


def test_a_card_says_how_its_model_is_run(tmp_path: Path) -> None:
    """Bytes need room for the end mark; a decoder's answers take their share of the context."""
    spec = spec_of(card(), Device.CUDA, None)
    assert (spec.source, spec.revision, spec.kind) == ("org/model", "abc", ModelKind.SEQ2SEQ)
    assert (spec.device, spec.precision, spec.max_input_tokens) == (Device.CUDA, Precision.BF16, 2001)
    spec = spec_of(card(Architecture.DECODER, tmp_path), Device.AUTO, Precision.INT8)
    assert (spec.source, spec.kind, spec.precision) == (str(tmp_path), ModelKind.CAUSAL, Precision.INT8)
    assert spec.max_input_tokens == 1900
