"""The hub that models come from: what of a model is on this machine already, what it would take to get it, getting it.

Only `ask_hub` and `download` reach the network, and nothing calls them but the command that a person typed. The files
go to the hub's own cache, where the model process finds them. huggingface_hub is imported at the first of these calls.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.errors import ModelUnavailable
from lean_sidekick.model_worker.files import MODEL_FILES
from lean_sidekick.tactics.cards import ModelCard

_WEIGHTS = ".safetensors"


@frozen(kw_only=True)
class HubModel:
    """A model as the hub describes it: its commit, its licence in the hub's own words, what there is to get."""

    commit: str
    licence: str
    size_mb: int


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where the hub's own programs keep what they got."""
    if named := environment.get("HF_HUB_CACHE"):
        return Path(named)
    caches = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(environment.get("HF_HOME") or Path(caches, "huggingface")) / "hub"


def is_here(card: ModelCard, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the weights of a model are on this machine. Reads names of files only."""
    if card.folder is not None:
        return any(card.folder.glob(f"*{_WEIGHTS}"))
    return is_cached(card.hub, environment)


def is_cached(name: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the weights of a model of the hub, `owner/name`, are in the hub's cache. Reads names of files only."""
    snapshots = cache_folder(environment) / f"models--{name.replace('/', '--')}" / "snapshots"
    return any(snapshots.glob(f"*/*{_WEIGHTS}"))


def ask_hub(card: ModelCard) -> HubModel:
    """What the hub says of a model. Raises ModelUnavailable."""
    with _asking(card):
        from huggingface_hub import HfApi

        info = HfApi().model_info(card.hub, revision=card.revision, files_metadata=True, timeout=30)
    files = [file for file in info.siblings or () if any(fnmatch(file.rfilename, pattern) for pattern in MODEL_FILES)]
    if not any(file.rfilename.endswith(_WEIGHTS) for file in files):
        raise ModelUnavailable(
            f"{card.hub} has no weights as safetensors, and no others are loaded: convert it, and name its folder in a "
            "card of your own."
        )
    licence = info.card_data.get("license") if info.card_data is not None else None
    return HubModel(
        commit=info.sha or "",
        licence=str(licence or "not said"),
        size_mb=round(sum(file.size or 0 for file in files) / 1e6),
    )


def download(card: ModelCard) -> Path:
    """Gets a model's files into the hub's cache, with progress bars on standard error; gives their folder.

    What is there already, also of a download that was broken off, is not got again. Raises ModelUnavailable.
    """
    with _asking(card):
        from huggingface_hub import snapshot_download

        return Path(str(snapshot_download(card.hub, revision=card.revision, allow_patterns=list(MODEL_FILES))))


@contextmanager
def _asking(card: ModelCard) -> Iterator[None]:
    """Turns what the hub's library raises into sentences."""
    try:
        from huggingface_hub import errors
    except ImportError as error:
        raise ModelUnavailable(
            "Getting models needs the package huggingface_hub: install lean-sidekick with the extra `model`."
        ) from error
    try:
        yield
    except errors.GatedRepoError as error:
        raise ModelUnavailable(
            f"{card.hub} is only given to those who accepted its terms: do so on its page, then `hf auth login`."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise ModelUnavailable(f"The hub has no model {card.hub}, or it is private.") from error
    except errors.RevisionNotFoundError as error:
        raise ModelUnavailable(f"{card.hub} has no revision {card.revision}.") from error
    except (errors.HTTPError, errors.LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0][:200]
        raise ModelUnavailable(f"{card.hub} cannot be got from the hub ({reason or type(error).__name__}).") from error
