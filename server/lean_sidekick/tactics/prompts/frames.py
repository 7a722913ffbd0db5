"""Chat templates as text: how a model's own template would frame messages. Pure.

A local model and a completions endpoint read the framed text; a chat endpoint frames by itself. The mark that begins a
sequence is left to the tokenizer, which sets it in both cases.
"""

from collections.abc import Callable, Sequence

from lean_sidekick.tactics.prompts.api import Message, Prompt, Role

Frame = Callable[[Sequence[Message]], str]

CHATML_STOP = "<|im_end|>"
DEEPSEEK_STOP = "<｜end▁of▁sentence｜>"


def chatml(messages: Sequence[Message]) -> str:
    """ChatML, as Qwen and InternLM2 use it, up to where the assistant speaks."""
    said = "".join(f"<|im_start|>{m.role.value}\n{m.content}<|im_end|>\n" for m in messages)
    return f"{said}<|im_start|>assistant\n"


def deepseek(messages: Sequence[Message]) -> str:
    """The frame of DeepSeek-V3 and DeepSeek-Prover-V2."""
    marks = {Role.SYSTEM: "", Role.USER: "<｜User｜>", Role.ASSISTANT: "<｜Assistant｜>"}
    return "".join(marks[m.role] + m.content for m in messages) + "<｜Assistant｜>"


def framed(frame: Frame, messages: tuple[Message, ...], stop: str, begun: str = "") -> Prompt:
    """The prompt of a chat model; `begun` is how the text of its answer begins already, for completion only."""
    return Prompt(text=frame(messages) + begun, messages=messages, stop=(stop,))


def user(content: str) -> tuple[Message, ...]:
    """One turn of the user's."""
    return (Message(role=Role.USER, content=content),)
