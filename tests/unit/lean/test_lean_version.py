"""Version numbers: how they are read and ordered."""

import pytest

from lean_sidekick.core.errors import LeanUnavailable
from lean_sidekick.lean.version import LeanVersion, read_printed_version, version_of_toolchain


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Lean (version 4.0.0, commit 7e317d23db1c, Release)", LeanVersion(4, 0, 0)),
        ("Lean (version 4.9.0, x86_64-unknown-linux-gnu, commit 8f9843a4a5fe, Release)", LeanVersion(4, 9, 0)),
        ("Lean (version 4.34.0-rc2, aarch64-apple-darwin, commit 1, Release)\n", LeanVersion(4, 34, 0, "rc2")),
        (
            "Lean (version 4.12.0-nightly-2024-08-15, x86_64-w64-windows-gnu, commit 1, Release)",
            LeanVersion(4, 12, 0, "nightly-2024-08-15"),
        ),
        ("Lean (version 4.35.0-pre, commit 1, Debug)", LeanVersion(4, 35, 0, "pre")),
    ],
)
def test_what_lean_prints_is_read(printed: str, expected: LeanVersion) -> None:
    assert read_printed_version(printed) == expected


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        ("Lean (version 3.51.1, commit 1, Release)", "Lean 3.51.1 was found, but only Lean 4"),
        ("", "printed: nothing"),
        ("bash: lean: command not found\n", "command not found"),
    ],
)
def test_what_is_no_lean_4_is_said(printed: str, reason: str) -> None:
    with pytest.raises(LeanUnavailable, match=reason) as raised:
        read_printed_version(printed)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("leanprover/lean4:v4.9.0", LeanVersion(4, 9, 0)),
        ("leanprover/lean4:v4.9.0-rc2\n", LeanVersion(4, 9, 0, "rc2")),
        ("v4.10.0", LeanVersion(4, 10, 0)),
        ("4.10.0", LeanVersion(4, 10, 0)),
        ("leanprover/lean4:stable", None),
        ("leanprover/lean4:nightly-2021-07-15", None),
        ("my-own", None),
    ],
)
def test_a_toolchain_name_may_say_a_version(name: str, expected: LeanVersion | None) -> None:
    assert version_of_toolchain(name) == expected


def test_versions_are_ordered_as_they_were_released() -> None:
    names = ["4.0.0-nightly-2021-07-15", "4.0.0-m1", "4.0.0-m5", "4.0.0", "4.9.0-rc2", "4.9.0-rc10", "4.9.0", "4.10.0"]
    versions = [read_printed_version(f"version {name}") for name in names]
    assert sorted(versions, key=str) != versions
    assert sorted(sorted(versions, key=str)) == versions
    assert [str(version) for version in versions] == names
