"""`prove`: tries every declaration of a file that has a `sorry` or an empty proof.

With `--write` the proofs go into the file, all at once and only if the file is still what was read: what was found is
written beside it first and then put in its place.
"""

import os
import tempfile
from pathlib import Path

import click
from attrs import evolve, frozen

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import json_option, lean_option
from lean_sidekick.cli.engines import engine_for, settings_for
from lean_sidekick.cli.output import StatusLine, note, write_line, write_object
from lean_sidekick.cli.places import read_lean_file
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import InputError, SidekickError
from lean_sidekick.core.positions import TextEdit, apply_edits
from lean_sidekick.core.render import indent
from lean_sidekick.engine.api import DocumentText, ProofResult, ProofStatus, ProveProgress
from lean_sidekick.engine.progress import describe_progress
from lean_sidekick.engine.session import search_options
from lean_sidekick.engine.trace_files import trace_to
from lean_sidekick.search.options import SearchKind
from lean_sidekick.search.trace import Trace
from lean_sidekick.settings.settings import Settings

CHECK_LIMIT = 1_000_000


@click.command("prove", short_help="Try to prove what is unproved in a file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--decl", "names", multiple=True, metavar="NAME", help="Only this declaration; may be repeated.")
@click.option(
    "--timeout", type=click.FloatRange(0.1, 3600), help="Seconds for each declaration (the setting prove.timeoutS)."
)
@click.option("--write", is_flag=True, help="Put the proofs into the file.")
@click.option(
    "--search",
    "kind",
    type=click.Choice([kind.value for kind in SearchKind]),
    help="How to look for a proof (the setting search.kind).",
)
@click.option(
    "--simp-only", is_flag=True, help="Write simp as simp only [...] in what is found (the setting search.simpOnly)."
)
@click.option("--trace", "trace_file", type=click.Path(path_type=Path), help="Write what was tried (see `show`).")
@lean_option
@json_option
def command(
    file: Path,
    names: tuple[str, ...],
    timeout: float | None,
    write: bool,
    kind: str | None,
    simp_only: bool,
    trace_file: Path | None,
    lean_path: str | None,
    as_json: bool,
) -> int:
    """Try every declaration of FILE that has a sorry or an empty proof."""
    wish = _Wish(
        file=file,
        names=frozenset(names) or None,
        timeout_s=timeout,
        is_written=write,
        kind=SearchKind(kind) if kind else None,
        narrows_simp=simp_only,
        trace=trace_file,
        lean=lean_path,
        as_json=as_json,
    )
    return run_async(_prove(wish))


@frozen(kw_only=True)
class _Wish:
    """What the command line says."""

    file: Path
    names: frozenset[str] | None
    timeout_s: float | None
    is_written: bool
    kind: SearchKind | None
    narrows_simp: bool
    trace: Path | None
    lean: str | None
    as_json: bool


async def _prove(wish: _Wish) -> int:
    document = read_lean_file(wish.file)
    settings = await settings_for(wish.file, wish.lean)
    results: list[ProofResult] = []
    with trace_to(wish.trace) as trace:
        failure = await _attempt(wish, document, settings, trace, results)
    edits = [edit for result in results for edit in result.edits]
    if not results and failure is None:
        note("Nothing to prove: no declaration has a sorry or an empty proof.")
    if wish.is_written and edits:
        write_proofs(wish.file, document, edits)
        note(f"{wish.file}: {len(edits)} proof{'s' if len(edits) > 1 else ''} written.")
    if failure is not None:
        raise failure
    proved = sum(result.status is ProofStatus.PROVED for result in results)
    return ExitStatus.DONE if proved == len(results) else ExitStatus.INCOMPLETE


async def _attempt(
    wish: _Wish, document: DocumentText, settings: Settings, trace: Trace, results: list[ProofResult]
) -> SidekickError | None:
    """Tries the declarations and prints each result as it comes; gives the error that ended it, if one did."""
    status = StatusLine()
    seconds = wish.timeout_s or settings.prove_timeout_s
    options = search_options(settings)
    options = evolve(options, kind=wish.kind or options.kind, narrows_simp=wish.narrows_simp or options.narrows_simp)

    def show(progress: ProveProgress) -> None:
        status.show(describe_progress(progress))

    try:
        async with engine_for(wish.file, settings) as engine:
            await engine.open_premises()
            async for result in engine.prove_all(
                document, wish.names, lambda: Budget(seconds=seconds, checks=CHECK_LIMIT), show, options, trace
            ):
                status.clear()
                results.append(result)
                if wish.as_json:
                    write_object(result_fields(result))
                else:
                    print_result(result)
    except SidekickError as error:
        return error  # what was proved before it is not thrown away
    finally:
        status.clear()
    return None


def result_fields(result: ProofResult) -> dict[str, object]:
    """A result as `prove --json` and `bench prove` give it."""
    return {
        "declaration": result.declaration,
        "status": result.status.value,
        "proof": result.proof,
        "axioms": list(result.axioms),
        "seconds": round(result.seconds, 3),
        "checks": result.checks,
        "message": result.message,
        "opening_seconds": round(result.opening_s, 3),
        "found_seconds": None if result.found_s is None else round(result.found_s, 3),
        "partial": result.partial.block if result.partial else None,
    }


def write_proofs(file: Path, document: DocumentText, edits: list[TextEdit]) -> None:
    """Puts the edits into the file, atomically.

    Raises InputError if the file is no longer what was read, or cannot be written; it is unchanged then.
    """
    if read_lean_file(file).text != document.text:
        raise InputError(f"{file} was changed meanwhile, so nothing was written: run the command again.")
    target = file.resolve()
    text = apply_edits(document.text, edits)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(text.encode())
                out.flush()
                os.fsync(out.fileno())
            Path(name).chmod(target.stat().st_mode & 0o7777)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(f"{file} cannot be written ({error.strerror}); it is unchanged.") from None


def print_result(result: ProofResult) -> None:
    """Prints a result for people."""
    took = f"{result.seconds:.1f} s, {result.checks} checks"
    if result.proof is None:
        write_line(f"✗ {result.declaration}: {result.message} ({took})")
        if result.partial is not None:
            write_line(indent(result.partial.block, "    "))
        return
    write_line(f"✓ {result.declaration} ({took})")
    if result.message:
        write_line(f"  {result.message}")
    write_line(indent(result.proof, "    "))
