"""Where an extraction comes from: the commit of the project, where that is kept, and the licences of what was read.

Asks git about the project's folder, which needs no network; without git, or outside a repository, there is no commit
and no address. Names and passwords in an address are left out.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from lean_sidekick import __version__
from lean_sidekick.evaluation.extraction.layout import BenchmarkOrigin, License
from lean_sidekick.lean.project import Project, package_folders
from lean_sidekick.lean.toolchain import Toolchain

GIT_S = 10.0
"""Seconds for one question to git."""

_LICENCES = ("LICENSE*", "LICENCE*", "COPYING*")
_USER = re.compile(r"(?<=://)[^/@\s]*@")


async def read_origin(name: str, project: Project, toolchain: Toolchain) -> BenchmarkOrigin:
    """The origin of an extraction from a project; `name` is what the data set is called."""
    root = project.root
    commit = await _git(root, "rev-parse", "HEAD")
    top = Path(await _git(root, "rev-parse", "--show-toplevel") or root)
    changed = await _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".") if commit else ""
    address = await _git(root, "config", "--get", "remote.origin.url") if commit else ""
    folders = [root, top, *package_folders(project)]
    return BenchmarkOrigin(
        dataset_name=name,
        url=_USER.sub("", address).removesuffix(".git"),
        commit=f"{commit} with changes" if changed else commit,
        lean=str(toolchain.version),
        traced_with=f"Lean Sidekick {__version__}",
        leandojo_version=None,
        creation_time=now(),
        licenses=await asyncio.to_thread(read_licences, folders),
    )


def now() -> str:
    """The time, as `metadata.json` has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_licences(folders: Iterable[Path]) -> tuple[License, ...]:
    """The licences that lie in some folders."""
    return tuple(_licences(folders))


def _licences(folders: Iterable[Path]) -> Iterator[License]:
    seen: set[str] = set()
    for folder in folders:
        for file in sorted(file for pattern in _LICENCES for file in folder.glob(pattern) if file.is_file()):
            name = f"{folder.name}-{file.name}"
            if name in seen:
                continue
            try:
                text = file.read_text("utf-8", errors="replace")
            except OSError:
                continue  # what cannot be read is not in the folder of licences
            seen.add(name)
            yield License(name=name, text=text)


async def _git(folder: Path, *arguments: str) -> str:
    """What git says, "" if it does not."""
    try:
        process = await asyncio.create_subprocess_exec(
            "git",
            "-C",
            str(folder),
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return ""
    try:
        said, _ = await asyncio.wait_for(process.communicate(), GIT_S)
    except TimeoutError:
        said = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return said.decode("utf-8", errors="replace").strip() if process.returncode == 0 else ""
