"""The trace of a search as one page: HTML with everything in it, no network, no script from elsewhere.

The page is `trace_page.html`, beside this module, with the searches in it as JSON. What a goal or a tactic says is put
in as text by the page, never as markup.
"""

import json
from collections.abc import Sequence
from importlib import resources

import cattrs

from lean_sidekick.search.trace import SearchLog

TEMPLATE = "trace_page.html"
_PLACE = "/*DATA*/"


def render_page(logs: Sequence[SearchLog]) -> str:
    """The page that shows the searches."""
    template = resources.files("lean_sidekick.cli").joinpath(TEMPLATE).read_text(encoding="utf-8")
    before, _, after = template.partition(_PLACE)
    return before + _json([_fields(log) for log in logs]) + after


def _fields(log: SearchLog) -> dict[str, object]:
    fields: dict[str, object] = cattrs.unstructure(log)
    return {
        **fields,
        "nodes": cattrs.unstructure(list(log.nodes.values())),
        "ended": cattrs.unstructure(list(log.ended.values())),
    }


def _json(value: object) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
