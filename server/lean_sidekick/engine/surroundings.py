"""What stands around a site, as models read it. Pure."""

import re

from lean_sidekick.core.sites import ProofSite
from lean_sidekick.tactics.api import Surroundings

_DOC = re.compile(r"/--(.*?)-/", re.DOTALL)
_BY = re.compile(r"by\b[ \t]*\n?")


def surroundings_of(site: ProofSite) -> Surroundings:
    """The file above the declaration, its statement, and the tactics above the site."""
    declaration = site.declaration
    body = declaration.end if declaration.body_start is None else declaration.body_start
    doc = _DOC.search(_text(site, declaration.start, declaration.keyword_start))
    return Surroundings(
        text_above=_text(site, 0, declaration.start),
        statement=_text(site, declaration.keyword_start, body).rstrip().removesuffix(":=").rstrip(),
        declaration=declaration.full_name or "",
        doc=" ".join(doc.group(1).split()) if doc else "",
        steps=_steps(_text(site, body, max(body, site.start))),
    )


def is_whole_proof(site: ProofSite) -> bool:
    """Whether the site's hole is the whole proof of its declaration, so that its goal is that of the statement."""
    body = site.declaration.body_start
    return body is not None and site.text[body : max(body, site.start)].strip() in ("", "by")


def _text(site: ProofSite, start: int, end: int) -> str:
    return site.text[start:end].replace("\r\n", "\n")


def _steps(body: str) -> tuple[str, ...]:
    """The block of tactics that a body begins with, dedented; none where it begins with a term."""
    match = _BY.match(body.lstrip())
    block = body.lstrip()[match.end() :].rstrip() if match else ""
    if not block:
        return ()
    lines = block.split("\n")
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return ("\n".join(line[margin:] for line in lines),)
