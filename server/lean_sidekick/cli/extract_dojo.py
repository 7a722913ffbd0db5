"""`extract --with lean-dojo`: the same benchmark from what the package lean-dojo traces, in a process of its own."""

import asyncio
from pathlib import Path

from attrs import frozen

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.output import StatusLine, note, write_line, write_object
from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.extraction.dojo_files import DojoOrigin
from lean_sidekick.evaluation.extraction.layout import BenchmarkOrigin, License, write_benchmark
from lean_sidekick.evaluation.extraction.layout_report import report_lines
from lean_sidekick.evaluation.extraction.lean_dojo_run import LeanDojo
from lean_sidekick.evaluation.extraction.origin import now, read_licences
from lean_sidekick.evaluation.extraction.store import TracedStore, open_traced_store

_KEY = "lean-dojo "


@frozen(kw_only=True)
class DojoExtraction:
    """What the command line asks for; see `extract`."""

    project: Path
    python: Path
    seed: int
    restart: bool
    out: Path
    as_json: bool

    async def run(self) -> int:
        """Traces, writes, reports; the exit status."""
        line = StatusLine()

        def show(text: str) -> None:
            if not self.as_json:
                line.show(text)

        with open_traced_store(self.out) as store:
            self._refuse_other(store)
            try:
                async with LeanDojo(python=self.python, project=self.project).trace(show) as trace:
                    origin = trace.origin
                    store.clear()
                    for file in trace.files():
                        store.add(file, f"{_KEY}{origin.version} {origin.commit}")
                        show(f"{len(store.paths)} files read  {file.path}")
                licences = await asyncio.to_thread(read_licences, [self.project])
                layout = await asyncio.to_thread(
                    write_benchmark,
                    store,
                    self.out,
                    _benchmark_origin(self.project.name, origin, licences),
                    self.seed,
                    lambda path: show(f"writing {path}"),
                )
            finally:
                line.clear()
        if self.as_json:
            write_object({"traced": layout.files, "report": layout.fields()})
        else:
            note(f"Traced with lean-dojo {origin.version} at {origin.commit}.")
            for text in report_lines(layout):
                write_line(text)
        return ExitStatus.DONE if layout.is_sound and not layout.failed else ExitStatus.INCOMPLETE

    def _refuse_other(self, store: TracedStore) -> None:
        """What our own Lean traced is not thrown away by the way: it can be the work of hours."""
        if not self.restart and any(not (store.key(path) or "").startswith(_KEY) for path in store.paths):
            raise InputError(
                f"{store.path} holds what was traced without lean-dojo: name another --out, or throw it away with "
                "--restart."
            )


def _benchmark_origin(name: str, origin: DojoOrigin, licenses: tuple[License, ...]) -> BenchmarkOrigin:
    return BenchmarkOrigin(
        dataset_name=name,
        url=origin.url,
        commit=origin.commit,
        lean=origin.lean,
        traced_with=f"lean-dojo {origin.version}",
        leandojo_version=origin.version,
        creation_time=now(),
        licenses=licenses,
    )
