"""Lean's version numbers: read from what `lean --version` prints and from toolchain names.

Versions are ordered as they were released: `4.9.0-rc1` comes before `4.9.0`, nightlies and other
work in progress before the first release candidate. No I/O.
"""

import re
from functools import total_ordering

from attrs import frozen

from lean_sidekick.core.errors import LeanUnavailable

_NUMBER = r"v?(\d+)\.(\d+)\.(\d+)(?:-([\w.-]*\w))?"
_PRINTED = re.compile(rf"\bversion {_NUMBER}")
_CHANNEL = re.compile(rf"(?:^|:){_NUMBER}$")


@total_ordering
@frozen(order=False)
class LeanVersion:
    """A version of Lean 4; `pre` is what follows the dash ("rc1", "m3", "nightly-2024-08-15"), if anything."""

    major: int
    minor: int
    patch: int
    pre: str | None = None

    @property
    def release(self) -> tuple[int, int, int]:
        """The release that this version is, or leads to."""
        return (self.major, self.minor, self.patch)

    def _key(self) -> tuple[tuple[int, int, int], int, int, str]:
        if self.pre is None:
            return (self.release, 3, 0, "")
        if match := re.fullmatch(r"(rc|m)(\d+)", self.pre):
            return (self.release, 2 if match[1] == "rc" else 1, int(match[2]), "")
        return (self.release, 0, 0, self.pre)

    def __lt__(self, other: "LeanVersion") -> bool:
        return self._key() < other._key()

    def __str__(self) -> str:
        number = f"{self.major}.{self.minor}.{self.patch}"
        return number if self.pre is None else f"{number}-{self.pre}"


def read_printed_version(output: str) -> LeanVersion:
    """Reads the output of `lean --version`.

    Raises:
        LeanUnavailable: it is not the output of a Lean 4.
    """
    match = _PRINTED.search(output)
    if match is None:
        shown = " ".join(output.split())[:80] or "nothing"
        raise LeanUnavailable(f"The program named as Lean does not say which version it is (it printed: {shown}).")
    version = _from_match(match)
    if version.major != 4:
        raise LeanUnavailable(f"Lean {version} was found, but only Lean 4 is supported; install a Lean 4 toolchain.")
    return version


def version_of_toolchain(name: str) -> LeanVersion | None:
    """The version that a toolchain's name says, e.g. `leanprover/lean4:v4.9.0-rc2`; None if it says none."""
    match = _CHANNEL.search(name.strip())
    return None if match is None else _from_match(match)


def _from_match(match: re.Match[str]) -> LeanVersion:
    return LeanVersion(int(match[1]), int(match[2]), int(match[3]), match[4])
