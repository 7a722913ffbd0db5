"""What holds for every test: no network, no home folder, the same random examples in every run.

The real Lean of the machine, if there is one, is for tests marked `live` alone: they ask for `real_lean`.
"""

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import psutil
import pytest

LEAN_VARIABLE = "LEAN_SIDEKICK_LEAN"
_HOME_VARIABLES = {
    "HOME": "",
    "USERPROFILE": "",
    "APPDATA": "AppData/Roaming",
    "LOCALAPPDATA": "AppData/Local",
    "XDG_CONFIG_HOME": ".config",
    "XDG_CACHE_HOME": ".cache",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_RUNTIME_DIR": ".run",
}
_LOOPBACK = ("127.", "::1", "localhost")

hypothesis.settings.register_profile("same-every-time", deadline=None, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same-every-time"))

# A shell has interrupts ignored by what it runs in the background, nohup hang-ups, and the programs under test would
# inherit that.
_hang_up = getattr(signal, "SIGHUP", signal.SIGINT)  # Windows has none
for _number, _default in ((signal.SIGINT, signal.default_int_handler), (_hang_up, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _default)

_named_lean = os.environ.get(LEAN_VARIABLE) or None
_scratch_home = Path(tempfile.mkdtemp(prefix="lean-sidekick-home-"))


def pytest_configure() -> None:
    """Before a test module is imported: another home folder, and no Lean that a test did not name itself."""
    for name, below in _HOME_VARIABLES.items():
        folder = _scratch_home / below
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[name] = str(folder)
    os.environ.pop(LEAN_VARIABLE, None)


def pytest_unconfigure() -> None:
    """Takes the scratch home away."""
    shutil.rmtree(_scratch_home, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The cheapest tests first: what a unit test can tell should not be learned from the whole program."""
    order = {name: place for place, name in enumerate(["unit", "replay", "wire", "e2e", "live"])}
    tests = Path(__file__).parent
    items.sort(key=lambda item: order.get(item.path.relative_to(tests).parts[0], len(order)))


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Connections from this process to other machines fail, whatever made them."""
    connect = socket.socket.connect
    own = {found.address for addresses in psutil.net_if_addrs().values() for found in addresses}

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK) and address[0] not in own:
            raise AssertionError(f"a test tried to reach {address[0]}: tests use no network")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session")
def real_lean() -> Path:
    """The `lean` program of this machine: the one LEAN_SIDEKICK_LEAN names, else the one on the PATH."""
    if _named_lean is not None:
        named = Path(_named_lean)
        program = named / "bin" / "lean" if named.is_dir() else named
        if not program.is_file():
            pytest.fail(f"{LEAN_VARIABLE} names {named}, where there is no lean")
        return program
    found = shutil.which("lean")
    if found is None:
        pytest.skip(f"no Lean: {LEAN_VARIABLE} is not set and no lean is on the PATH")
    return Path(found)
