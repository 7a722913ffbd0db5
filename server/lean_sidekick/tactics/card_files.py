"""Finding model cards: ours, and those that a user wrote.

Cards come with the program, and a user can write more: a file of the user's own with the same name stands in for one
of ours. Reading a card loads and downloads no model.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from lean_sidekick.core.errors import ConfigError
from lean_sidekick.settings import paths
from lean_sidekick.tactics.card_reader import read_card
from lean_sidekick.tactics.cards import ModelCard

CARD_SUFFIX = ".toml"
_PACKAGE = Path(__file__).resolve().parents[1]
_MAX_FILE_BYTES = 65_536


def shipped_cards_folder() -> Path:
    """Where our own cards lie: in the installed package, or in the checkout. Raises ConfigError."""
    for folder in (_PACKAGE / "models", _PACKAGE.parents[1] / "models"):
        if folder.is_dir() and any(folder.glob(f"*{CARD_SUFFIX}")):
            return folder
    raise ConfigError("The model cards are missing: install the package again.")


def cards_folders(named: str = "") -> tuple[Path, ...]:
    """The folders with cards, ours first; what a later one holds stands in for what an earlier one does.

    `named` is the folder that a setting names, "" for none.
    """
    folders = (shipped_cards_folder(), paths.config_folder() / "models")
    return (*folders, Path(named).expanduser()) if named else folders


def find_card(name: str, folders: Iterable[Path]) -> ModelCard:
    """The card of a model. Raises ConfigError if there is none, or if it is wrong."""
    found = _card_paths(folders)
    if name not in found:
        from difflib import get_close_matches  # only needed to help with a mistake

        close = get_close_matches(name, found, n=1)
        hint = f"did you mean {close[0]}?" if close else "`lean-sidekick models list` shows those there are."
        raise ConfigError(f"There is no model card {name}: {hint}")
    return load_card(found[name])


def all_cards(folders: Iterable[Path]) -> tuple[tuple[ModelCard, ...], tuple[str, ...]]:
    """All cards by name, and one sentence for each that cannot be used."""
    cards, problems = [], []
    for _, path in sorted(_card_paths(folders).items()):
        try:
            cards.append(load_card(path))
        except ConfigError as error:
            problems.append(str(error))
    return tuple(cards), tuple(problems)


def load_card(path: Path) -> ModelCard:
    """Reads one card. Raises ConfigError with a sentence that names the file and what is wrong in it."""
    import tomllib  # most runs read no card

    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise ConfigError(f"The model card {path} is larger than {_MAX_FILE_BYTES // 1024} kB.")
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The model card {path} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"The model card {path} is not UTF-8 text.") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"The model card {path} is not valid TOML ({error}).") from error
    return read_card(raw, path)


def _card_paths(folders: Iterable[Path]) -> Mapping[str, Path]:
    return {path.stem: path for folder in folders for path in sorted(folder.glob(f"*{CARD_SUFFIX}"))}
