"""What is said between the sidecar and the process that holds models: values, and how they stand on the wire.

One JSON object a line, UTF-8, `kind` says which message it is. Every request carries the whole description of its
model, so that a worker that was just started can answer it; every request gets exactly one of `Candidates`, `Vectors`,
`Scores`, `LoadReport`, `WorkerStatus` or `Failed`, unless it was cancelled. `Note`, one sentence for the user, and
`Loading` belong to no request. Light: nothing here knows of torch.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from enum import Enum
from struct import unpack_from

import cattrs
from attrs import frozen

from lean_sidekick.core.decoding import Decoding


class ModelKind(Enum):
    """What a model does with a text."""

    SEQ2SEQ = "seq2seq"
    CAUSAL = "causal"
    ENCODER = "encoder"
    RERANKER = "reranker"


class Device(Enum):
    """Where a model runs; AUTO is cuda, else mps, else cpu."""

    AUTO = "auto"
    CUDA = "cuda"
    MPS = "mps"
    CPU = "cpu"


class Precision(Enum):
    """How weights are held; AUTO is half precision on a GPU where the model bears it, fp32 on a CPU.

    INT8 and INT4 quantise the linear layers while loading and need the `bitsandbytes` package.
    """

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"
    INT8 = "int8"
    INT4 = "int4"


class Pooling(Enum):
    """How an encoder's token vectors become one; not used where the model's own folder says it."""

    MEAN = "mean"
    FIRST = "first"
    LAST = "last"


@frozen(kw_only=True)
class ModelSpec:
    """A model to run: a folder, or a hub name whose files are in the hub's cache at `revision` already.

    `max_rows` bounds the rows (samples, beams, texts) of one batch; `max_input_tokens` bounds a prompt, and cuts the
    texts of encoders and rerankers.
    """

    source: str
    kind: ModelKind
    revision: str | None = None
    device: Device = Device.AUTO
    precision: Precision = Precision.AUTO
    pooling: Pooling = Pooling.MEAN
    max_rows: int = 64
    max_input_tokens: int = 4096


class Urgency(Enum):
    """Who waits for an answer; the cursor's requests overtake those of a search."""

    CURSOR = "cursor"
    BACKGROUND = "background"


# -- to the worker


@frozen(kw_only=True)
class Generate:
    """Candidates for one prompt; requests that wait together are run together.

    A candidate ends before the first of the `stop` texts. `min_new_tokens` keeps it from ending earlier.
    """

    id: int
    model: ModelSpec
    prompt: str
    decoding: Decoding
    stop: tuple[str, ...] = ()
    min_new_tokens: int = 0
    urgency: Urgency = Urgency.BACKGROUND


@frozen(kw_only=True)
class Embed:
    """One vector a text; `prefix` goes before each."""

    id: int
    model: ModelSpec
    texts: tuple[str, ...]
    prefix: str = ""
    urgency: Urgency = Urgency.BACKGROUND


@frozen(kw_only=True)
class Score:
    """How well each text answers the query; larger is better."""

    id: int
    model: ModelSpec
    query: str
    texts: tuple[str, ...]
    urgency: Urgency = Urgency.BACKGROUND


@frozen(kw_only=True)
class Load:
    """Loads a model before its first use."""

    id: int
    model: ModelSpec
    urgency: Urgency = Urgency.BACKGROUND


@frozen(kw_only=True)
class AskStatus:
    """What the worker holds; answered at once, also while a batch runs."""

    id: int


@frozen(kw_only=True)
class Cancel:
    """Gives a request up; it gets no answer."""

    id: int


Job = Generate | Embed | Score | Load
Request = Job | AskStatus | Cancel

# -- from the worker


@frozen(kw_only=True)
class Generated:
    """A text that a model wrote.

    `log_probability` is the natural logarithm of its probability, without temperature, penalties or cuts;
    `is_finished` is false where the limit of tokens cut it off.
    """

    text: str
    log_probability: float
    tokens: int
    is_finished: bool


@frozen(kw_only=True)
class Candidates:
    """The texts for one prompt, likeliest first, no text twice; `seconds` is the time of the batch they were in, of
    `batch_rows` rows."""

    id: int
    candidates: tuple[Generated, ...]
    prompt_tokens: int
    seconds: float
    batch_rows: int


@frozen(kw_only=True)
class Vectors:
    """`count` vectors of `dimension` numbers: little-endian float32, one after the other, as base64."""

    id: int
    count: int
    dimension: int
    data: str

    @classmethod
    def joined(cls, parts: "Sequence[Vectors]") -> "Vectors":
        """The vectors of several answers as one; there is at least one answer."""
        data = base64.b64encode(b"".join(part.raw() for part in parts)).decode()
        first = parts[0]
        return cls(id=first.id, count=sum(part.count for part in parts), dimension=first.dimension, data=data)

    def raw(self) -> bytes:
        """The numbers as bytes, for `numpy.frombuffer(…, "<f4")`."""
        return base64.b64decode(self.data)

    def rows(self) -> Iterator[tuple[float, ...]]:
        """The vectors as tuples."""
        raw = self.raw()
        for row in range(self.count):
            yield unpack_from(f"<{self.dimension}f", raw, row * self.dimension * 4)


@frozen(kw_only=True)
class Scores:
    """One score a text, in order."""

    id: int
    scores: tuple[float, ...]


@frozen(kw_only=True)
class LoadReport:
    """A model that was loaded; memory is that of the device (of the process, on a CPU) before and after."""

    id: int
    source: str
    device: str
    precision: str
    parameters: int
    memory_before_mb: float
    memory_after_mb: float
    seconds: float


@frozen(kw_only=True)
class WorkerStatus:
    """What the worker holds and does; `rows_limit` is smaller than asked for where memory ran out."""

    id: int
    loaded: tuple[LoadReport, ...]
    waiting: int
    running: int
    device_memory_mb: float
    process_memory_mb: float


class FailureKind(Enum):
    """Why a request failed: the model cannot be had, the request cannot be answered, or a fault of the worker."""

    UNAVAILABLE = "unavailable"
    INPUT = "input"
    BUG = "bug"


@frozen(kw_only=True)
class Failed:
    """A request that has no answer, with one sentence for the user."""

    id: int
    failure: FailureKind
    message: str


@frozen(kw_only=True)
class Note:
    """One sentence for the user that belongs to no request, such as that memory ran out."""

    text: str


@frozen(kw_only=True)
class Loading:
    """A model is being loaded; `percent` (0 to 99) is an estimate of how far it is. Belongs to no request."""

    source: str
    percent: int


Answer = Candidates | Vectors | Scores | LoadReport | WorkerStatus | Failed
Reply = Answer | Note | Loading
Message = Request | Reply

_TYPES: dict[str, type[Message]] = {
    cls.__name__: cls
    for cls in (
        *(Generate, Embed, Score, Load, AskStatus, Cancel),
        *(Candidates, Vectors, Scores, LoadReport, WorkerStatus, Failed, Note, Loading),
    )
}
_converter = cattrs.Converter(forbid_extra_keys=True)


def encode(message: Message) -> bytes:
    """One line, its end included."""
    fields = {"kind": type(message).__name__, **_converter.unstructure(message)}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", errors="replace") + b"\n"


def decode(line: bytes) -> Message:
    """The message of a line; raises ValueError for what is none."""
    fields = json.loads(line)
    if not isinstance(fields, dict) or (cls := _TYPES.get(fields.pop("kind", ""))) is None:
        raise ValueError(f"no message: {line[:80]!r}")
    try:
        return _converter.structure(fields, cls)
    except cattrs.BaseValidationError as error:
        raise ValueError(f"no {cls.__name__}: {'; '.join(cattrs.transform_error(error))}") from error
