"""Which models help to rank premises: plain values, made from settings by the engine. Light: no numpy, no torch."""

from attrs import frozen

from lean_sidekick.model_worker.messages import Device, ModelKind, ModelSpec, Pooling, Precision
from lean_sidekick.premises.formats import KNOWN_ENCODERS, WRITING, WRITING_VERSION, EncoderFormat, TokenVector


@frozen(kw_only=True)
class EncoderChoice:
    """An encoder: a folder or a model of the hub, and how texts are written for it.

    `fingerprint` tells two states of one folder apart, "" where the revision does. An automatic one was not asked for
    by name: it helps with words alone, its vectors are made only where somebody asks for an index, and nothing is said
    where it cannot help.
    """

    source: str
    format: EncoderFormat
    revision: str | None = None
    fingerprint: str = ""
    is_automatic: bool = False
    device: Device = Device.AUTO
    precision: Precision = Precision.AUTO

    @property
    def name(self) -> str:
        """What its vectors are known by in an index: the model of the premises and how they are written for it."""
        return f"{self._premise_source}@{self.revision or ''}{self.fingerprint} {self.format.value} {WRITING_VERSION}"

    @property
    def of_questions(self) -> ModelSpec:
        """The model that reads goals and words."""
        return self._spec(self.source)

    @property
    def of_premises(self) -> ModelSpec:
        """The model that reads premises; nearly always the same."""
        return self._spec(self._premise_source)

    @property
    def _premise_source(self) -> str:
        known = KNOWN_ENCODERS.get(self.source)
        return self.source if known is None or known.premises is None else known.premises

    def _spec(self, source: str) -> ModelSpec:
        writing = WRITING[self.format]
        return ModelSpec(
            source=source,
            kind=ModelKind.ENCODER,
            revision=self.revision,
            device=self.device,
            precision=self.precision,
            pooling=Pooling.LAST if writing.pooling is TokenVector.LAST else Pooling.MEAN,
            max_input_tokens=writing.max_tokens,
        )
