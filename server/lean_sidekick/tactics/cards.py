"""Model cards: what the program must know of a model before it speaks to it, one TOML file a model.

A card names an adapter (`tactics/prompts`), where the model comes from, and its limits. The values only: `card_files`
finds and reads the files. Nothing here loads or downloads a model.
"""

from enum import Enum
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.decoding import Decoding
from lean_sidekick.core.errors import ConfigError
from lean_sidekick.tactics.prompts.api import Adapter, TokenUnit
from lean_sidekick.tactics.prompts.registry import ADAPTERS


class Architecture(Enum):
    """How a model is built, which decides how it is run; encoders make vectors and rerankers scores, not tactics."""

    ENCODER_DECODER = "encoder-decoder"
    DECODER = "decoder"
    ENCODER = "encoder"
    RERANKER = "reranker"

    @property
    def writes(self) -> bool:
        """Whether such a model writes texts, for which it needs prompts."""
        return self in (Architecture.ENCODER_DECODER, Architecture.DECODER)


class Precision(Enum):
    """What a model's weights are held in, unless a setting says otherwise."""

    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"
    INT8 = "int8"
    INT4 = "int4"


@frozen(kw_only=True)
class Figure:
    """A published figure: its benchmark, the value in per cent, with which budget, and who says so."""

    benchmark: str
    value: float
    budget: str
    source: str


@frozen(kw_only=True)
class ModelCard:
    """One model.

    `hub` is its name on the Hugging Face hub, `folder` a folder on this machine; one of them is set. `parameters` and
    `download_mb` (megabytes) are sizes, 0 where unknown. `context_tokens` counts in the adapter's own unit. `adapter`
    is the name of a prompt adapter; of an encoder, the format of its texts ("" if the card does not say).
    """

    name: str
    adapter: str
    architecture: Architecture
    hub: str
    folder: Path | None
    revision: str
    licence: str
    parameters: int
    download_mb: int
    precision: Precision
    context_tokens: int
    decoding: Decoding | None
    figures: tuple[Figure, ...]
    note: str
    path: Path

    @property
    def prompts(self) -> Adapter:
        """The adapter that writes this model's prompts. Raises ConfigError for a model that writes nothing."""
        if not self.architecture.writes:
            raise ConfigError(f"The model {self.name} writes no texts and cannot suggest tactics: name another model.")
        return ADAPTERS[self.adapter]

    @property
    def way_to_decode(self) -> Decoding:
        """How answers are taken from it: as the card says, else as its adapter does."""
        return self.decoding or self.prompts.traits.decoding

    @property
    def prompt_room(self) -> int:
        """How long a prompt may be, in the adapter's units: what answers of a decoder need is taken off."""
        if self.architecture is Architecture.DECODER:
            return max(1, self.context_tokens - self.way_to_decode.max_new_tokens)
        return self.context_tokens

    @property
    def unit(self) -> TokenUnit:
        """What its context is counted in."""
        return self.prompts.traits.unit
