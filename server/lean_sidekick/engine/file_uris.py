"""The paths behind `file:` URIs, as editors write them on every system.

VS Code writes `file:///c%3A/My%20proofs/A.lean` where Python writes `file:///C:/My%20proofs/A.lean`; both are one file.
Reads texts alone: whether a file is there is not asked.
"""

import os
import re
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from urllib.parse import unquote, urlsplit

_DRIVE = re.compile(r"/[A-Za-z]:")


def to_path(uri: str) -> Path | None:
    """The path on this machine, None for what is no file, such as an untitled document."""
    path = path_of(uri, is_windows=os.name == "nt")
    return None if path is None else Path(path)


def path_of(uri: str, *, is_windows: bool) -> PurePath | None:
    """The path as a system of one kind or the other has it; see `to_path`."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or not parts.path:
        return None
    path = unquote(parts.path)
    if not is_windows:
        return PurePosixPath(path)
    if parts.netloc:
        return PureWindowsPath(f"//{unquote(parts.netloc)}{path}")
    return PureWindowsPath(path[1].upper() + path[2:] if _DRIVE.match(path) else path)
