"""Messages stand on the wire as they were said."""

import base64
from struct import pack

import pytest

from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.model_worker.messages import (
    Cancel,
    Candidates,
    Failed,
    FailureKind,
    Generate,
    Generated,
    LoadReport,
    Message,
    ModelKind,
    ModelSpec,
    Note,
    Precision,
    Urgency,
    Vectors,
    WorkerStatus,
    decode,
    encode,
)

REPORT = LoadReport(
    id=1, source="m", device="cpu", precision="fp32", parameters=5, memory_before_mb=1, memory_after_mb=2.5, seconds=3
)
MESSAGES: list[Message] = [
    Generate(
        id=7,
        model=ModelSpec(source="org/name", kind=ModelKind.SEQ2SEQ, revision="abc", precision=Precision.INT8),
        prompt="n : ℕ\n⊢ n = n\u2028",
        decoding=Decoding(strategy=Strategy.SAMPLE, candidate_count=2, max_new_tokens=3, temperatures=(0.5, 1.0)),
        stop=("\n", "[/TAC]"),
        urgency=Urgency.CURSOR,
    ),
    Candidates(
        id=7,
        candidates=(Generated(text="rfl ✝", log_probability=-0.5, tokens=2, is_finished=True),),
        prompt_tokens=9,
        seconds=0.25,
        batch_rows=4,
    ),
    REPORT,
    WorkerStatus(id=2, loaded=(REPORT,), waiting=1, running=0, device_memory_mb=3.0, process_memory_mb=4.0),
    Failed(id=3, failure=FailureKind.INPUT, message="no"),
    Cancel(id=4),
    Note(text="half of it"),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_there_and_back(message: Message) -> None:
    line = encode(message)
    assert line.count(b"\n") == 1
    assert decode(line) == message


@pytest.mark.parametrize(
    "line", [b"", b"garbage", b"[]", b'{"kind":"Nothing"}', b'{"kind":"Cancel"}', b'{"kind":"Cancel","id":1,"x":2}']
)
def test_what_is_no_message(line: bytes) -> None:
    with pytest.raises(ValueError):
        decode(line)


def test_vectors_are_read_and_joined() -> None:
    parts = [
        Vectors(id=number, count=1, dimension=2, data=base64.b64encode(pack("<2f", number, 0.5)).decode())
        for number in (1, 2)
    ]
    joined = Vectors.joined(parts)
    assert list(joined.rows()) == [(1.0, 0.5), (2.0, 0.5)]
    assert (joined.count, len(joined.raw())) == (2, 16)
