"""LeanCopilot's protocol for models outside of Lean, spoken by our models.

`POST /generate` takes `{"name", "input", "prefix"}`, where `input` is a proof state as Lean prints it, and answers
`{"outputs": [{"output", "score"}]}` with scores from 0 to 1, best first. `POST /encode` takes `{"name", "input"}` and
answers `{"outputs": [number, …]}`. The `name` is that of a model card, of its model on the hub, or empty for the first
model that is configured. Nothing is checked by Lean here: LeanCopilot does that itself.
"""

import json
from collections.abc import Mapping, Sequence
from math import exp
from typing import TypeVar

from attrs import frozen

from lean_sidekick.core.errors import InputError, ModelUnavailable
from lean_sidekick.core.goals import split_goals
from lean_sidekick.engine.models import NamedModel
from lean_sidekick.model_worker.api import ModelClient
from lean_sidekick.model_worker.messages import ModelSpec, Urgency
from lean_sidekick.serving.local_http import NotFound, Request
from lean_sidekick.tactics.cards import ModelCard
from lean_sidekick.tactics.models import candidates_of
from lean_sidekick.tactics.prompts.api import Question

PORT = 23_337
ANSWER_S = 600.0
"""Seconds for one answer; the first one may have to wait for a model to be loaded."""
_Served = TypeVar("_Served", "NamedModel", "Encoder")


@frozen(kw_only=True)
class Encoder:
    """A model that makes vectors, in the model process."""

    card: ModelCard
    client: ModelClient
    spec: ModelSpec


@frozen(kw_only=True)
class ModelService:
    """What is served: models that suggest tactics, and models that make vectors."""

    models: Sequence[NamedModel]
    encoders: Sequence[Encoder]

    async def answer(self, request: Request) -> object:
        """See `local_http.Answer`."""
        match request.method, request.path:
            case "POST", "/generate":
                return await self.generate(_fields(request.body))
            case "POST", "/encode":
                return await self.encode(_fields(request.body))
        raise NotFound(f"There is no {request.method} {request.path[:100]}: there are POST /generate and POST /encode.")

    async def generate(self, fields: Mapping[str, object]) -> Mapping[str, object]:
        """Tactics for a state. Raises InputError, and what the model raises."""
        model = _pick(_text(fields, "name", ""), self.models)
        goals = split_goals(_text(fields, "input"))
        if not goals:
            raise InputError("`input` holds no proof state.")
        question = Question(goals=goals, prefix=_text(fields, "prefix", ""))
        adapter = model.card.prompts
        prompt = adapter.prompt(question, model.card.prompt_room)
        (answers,) = await model.in_search.answers([prompt], model.card.way_to_decode)
        candidates = candidates_of(adapter, answers, question, model.source)
        return {"outputs": [{"output": found.text, "score": exp(found.score)} for found in candidates]}

    async def encode(self, fields: Mapping[str, object]) -> Mapping[str, object]:
        """The vector of a text. Raises InputError, and what the model raises."""
        text = _text(fields, "input")
        encoder = _pick(_text(fields, "name", ""), self.encoders)
        vectors = await encoder.client.embed(encoder.spec, [text], urgency=Urgency.CURSOR, timeout_s=ANSWER_S)
        return {"outputs": list(next(vectors.rows()))}


def _pick(name: str, served: Sequence[_Served]) -> _Served:
    """The one with that name; the first one for none."""
    if not served:
        raise ModelUnavailable("No such model is served here: name one in the settings, or with --encoder.")
    for one in served:
        if name in ("", one.card.name, one.card.hub):
            return one
    known = ", ".join(one.card.name for one in served)
    raise InputError(f"There is no model {name!r} here; there are {known}.")


def _fields(body: bytes) -> Mapping[str, object]:
    """The object in the body of a request. Raises InputError."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise InputError("The body is not JSON.") from None
    if not isinstance(fields, dict):
        raise InputError("The body is no JSON object with `name` and `input`.")
    return fields


def _text(fields: Mapping[str, object], name: str, default: str | None = None) -> str:
    value = fields.get(name, default)
    if not isinstance(value, str):
        raise InputError(f"`{name}` must be a text.")
    return value
