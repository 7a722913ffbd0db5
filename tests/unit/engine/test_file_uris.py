"""Paths from URIs: spaces, letters beyond ASCII, drive letters and shares, on whichever system the test runs."""

from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest

from lean_sidekick.engine.file_uris import path_of, to_path


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/me/My%20proofs/S%C3%A9ance%20%E2%88%80.lean", "/home/me/My proofs/Séance ∀.lean"),
        ("file:///home/me/100%25/A%23b.lean", "/home/me/100%/A#b.lean"),
        ("file:///c%3A/me/A.lean", "/c:/me/A.lean"),
    ],
)
def test_elsewhere(uri: str, path: str) -> None:
    assert path_of(uri, is_windows=False) == PurePosixPath(path)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///c%3A/My%20proofs/A.lean", r"C:\My proofs\A.lean"),
        ("file:///C:/My%20proofs/A.lean", r"C:\My proofs\A.lean"),
        ("file:///d%3a/S%C3%A9ance/%E2%88%80.lean", r"D:\Séance\∀.lean"),
        ("file://server/share/p/A.lean", r"\\server\share\p\A.lean"),
    ],
)
def test_on_windows(uri: str, path: str) -> None:
    found = path_of(uri, is_windows=True)
    assert found == PureWindowsPath(path)
    assert str(found) == path, "the drive letter is written as Python and Lean write it"


@pytest.mark.parametrize("path", [PureWindowsPath(r"C:\a b\é.lean"), PurePosixPath("/a b/é#.lean")])
def test_what_python_writes_is_read_again(path: PurePath) -> None:
    assert path_of(path.as_uri(), is_windows=isinstance(path, PureWindowsPath)) == path


@pytest.mark.parametrize("is_windows", [True, False])
@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "vscode-notebook-cell:/a.lean", "file:", "", "c:/a.lean"])
def test_what_is_no_file(uri: str, is_windows: bool) -> None:
    assert path_of(uri, is_windows=is_windows) is None


def test_on_this_system() -> None:
    here = Path(__file__).resolve()
    assert to_path(here.as_uri()) == here
