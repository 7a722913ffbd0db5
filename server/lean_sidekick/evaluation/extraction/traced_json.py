"""Traced files as JSON, one line each, so that an extraction can stop and go on, and cross from another process.

The text of `to_json` is this program's own form, not a format of the field; `from_json` takes that form alone and says
what is wrong with anything else.
"""

import json

from cattrs import BaseValidationError, Converter

from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.extraction.traced import TracedFile


def to_json(file: TracedFile) -> str:
    """The file on one line, without a line end."""
    return json.dumps(_CONVERTER.unstructure(file), ensure_ascii=False, separators=(",", ":"))


def from_json(text: str, place: str) -> TracedFile:
    """The file of a line; `place` names the line in an error. Raises InputError."""
    try:
        value = json.loads(text)
        if not isinstance(value, dict):
            raise ValueError("an object was expected")
        return _CONVERTER.structure(value, TracedFile)
    except (ValueError, RecursionError, BaseValidationError) as error:
        raise InputError(f"{place}: no traced file ({_first_reason(error)}).") from None


def _first_reason(error: BaseException) -> str:
    while isinstance(error, BaseValidationError):
        error = error.exceptions[0]
    return f"it has no `{error.args[0]}`" if isinstance(error, KeyError) else str(error)


def _as_it_is(value: object, kind: type) -> object:
    """A text, number or truth value that is one already: cattrs would turn 3 into "3"."""
    if type(value) is not kind:
        raise ValueError(f"{value!r:.40} is no {kind.__name__}")
    return value


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _as_it_is)
    return converter


_CONVERTER = _converter()
