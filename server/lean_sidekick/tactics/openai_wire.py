"""The OpenAI-compatible protocol as values and JSON: what is asked, and what came back. Pure; sends nothing.

Spoken by vLLM, SGLang, llama.cpp, Ollama and others: `POST /completions` and `/chat/completions`. Beam search is not
part of it, so what an adapter would decode with beams is sampled.
"""

import json
from collections.abc import Mapping
from enum import Enum
from math import isfinite
from typing import Any

from attrs import frozen

from lean_sidekick.core.decoding import Decoding
from lean_sidekick.core.errors import ProtocolError
from lean_sidekick.tactics.models import Answer
from lean_sidekick.tactics.prompts.api import Prompt

_MAX_STOPS = 4
"""The most stop texts that the protocol allows."""


class Api(Enum):
    """Which of the two ways a server is asked; AUTO is chat where the model has a chat form."""

    AUTO = "auto"
    COMPLETIONS = "completions"
    CHAT = "chat"


@frozen(kw_only=True)
class Ask:
    """One request for some answers to one prompt at one temperature."""

    prompt: Prompt
    model: str
    api: Api
    decoding: Decoding
    temperature: float
    count: int
    seed: int
    with_log_probabilities: bool

    @property
    def is_chat(self) -> bool:
        """Whether the chat endpoint is asked."""
        if self.api is Api.AUTO:
            return bool(self.prompt.messages)
        return self.api is Api.CHAT

    @property
    def path(self) -> str:
        """What stands behind the base address."""
        return "/chat/completions" if self.is_chat else "/completions"

    def body(self) -> bytes:
        """Exactly what is sent."""
        return json.dumps(self.fields(), ensure_ascii=False).encode("utf-8", errors="replace")

    def fields(self) -> dict[str, Any]:
        """What is sent, before it is JSON. Fields beyond the common protocol are left out where they change nothing."""
        decoding = self.decoding
        fields: dict[str, Any] = {"model": self.model}
        if self.is_chat:
            messages = [{"role": m.role.value, "content": m.content} for m in self.prompt.messages]
            fields["messages"] = messages or [{"role": "user", "content": self.prompt.text}]
        else:
            fields["prompt"] = self.prompt.text
        fields |= {
            "n": self.count,
            "max_tokens": decoding.max_new_tokens,
            "temperature": self.temperature,
            "top_p": decoding.top_p,
            "seed": self.seed,
            "stream": False,
        }
        if self.prompt.stop:
            fields["stop"] = list(self.prompt.stop[:_MAX_STOPS])
        if self.with_log_probabilities:
            fields["logprobs"] = True if self.is_chat else 1
        if decoding.top_k:
            fields["top_k"] = decoding.top_k
        if decoding.repetition_penalty != 1.0:
            fields["repetition_penalty"] = decoding.repetition_penalty
        return fields


def read_answers(data: bytes, *, is_chat: bool) -> tuple[Answer, ...]:
    """The answers in the body of a server's reply. Raises ProtocolError for what is none."""
    try:
        reply = json.loads(data)
    except (ValueError, RecursionError):
        raise ProtocolError("The model server's answer is not JSON.") from None
    choices = reply.get("choices") if isinstance(reply, Mapping) else None
    if not isinstance(choices, list):
        raise ProtocolError("The model server's answer has no `choices`.")
    return tuple(_read_choice(choice, is_chat) for choice in choices)


def read_error(data: bytes) -> str:
    """What a server says is wrong, in at most 200 characters on one line; "" if it says nothing readable."""
    try:
        reply = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    said = reply.get("error", reply) if isinstance(reply, Mapping) else ""
    if isinstance(said, Mapping):
        said = said.get("message", said.get("detail", ""))
    return " ".join(said.split())[:200] if isinstance(said, str) else ""


def read_model_names(data: bytes) -> tuple[str, ...]:
    """The models in the answer to `GET /models`. Raises ProtocolError for what is none."""
    try:
        reply = json.loads(data)
    except (ValueError, RecursionError):
        raise ProtocolError("The model server's list of models is not JSON.") from None
    items = reply.get("data") if isinstance(reply, Mapping) else None
    names = [item.get("id") for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
    return tuple(name for name in names if isinstance(name, str))


def _read_choice(choice: object, is_chat: bool) -> Answer:
    if not isinstance(choice, Mapping):
        raise ProtocolError("The model server's answer has a choice that is no object.")
    message = choice.get("message")
    text = message.get("content") if is_chat and isinstance(message, Mapping) else choice.get("text")
    if text is None and isinstance(message, Mapping):
        text = ""  # all of the limit went into thinking
    if not isinstance(text, str):
        raise ProtocolError("The model server's answer has a choice without text.")
    tokens = _log_probabilities(choice.get("logprobs"))
    return Answer(
        text=text,
        log_probability=sum(tokens) if tokens else None,
        token_count=len(tokens) or max(1, len(text.encode(errors="replace")) // 3),
    )


def _log_probabilities(raw: object) -> list[float]:
    """Those of the tokens, in either of the protocol's two shapes; none where anything is odd."""
    if not isinstance(raw, Mapping):
        return []
    content = raw.get("content")
    if isinstance(content, list):
        values = [item.get("logprob") if isinstance(item, Mapping) else None for item in content]
    else:
        listed = raw.get("token_logprobs")
        values = list(listed) if isinstance(listed, list) else []
    numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    is_sound = len(numbers) == len(values) and all(isfinite(number) and number <= 1e-3 for number in numbers)
    return numbers if is_sound else []
