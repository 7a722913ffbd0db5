"""Proof sites made from a text with one `sorry`, without the site finder."""

from lean_sidekick.core.declarations import find_declarations
from lean_sidekick.core.sites import Hole, ProofSite


def sorry_site(text: str, hole: Hole = Hole.TACTIC_SORRY, uri: str = "file:///p/A.lean") -> ProofSite:
    """The site at the only `sorry` of a text, which stands on a line of its own or at a term's place."""
    start = text.index("sorry")
    line = text.rfind("\n", 0, start) + 1
    declaration = next(d for d in find_declarations(text) if d.start <= start < d.end)
    indentation = text[line:start] if not text[line:start].strip() else "  "
    return ProofSite(
        uri=uri,
        version=1,
        text=text,
        declaration=declaration,
        hole=hole,
        start=start,
        end=start + len("sorry"),
        indentation=indentation,
        is_inline=bool(text[line:start].strip()),
    )
