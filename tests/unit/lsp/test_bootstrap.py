"""The quick answer to `initialize` is the one that pygls gives, for every client."""

import json
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from hypothesis import given, settings
from hypothesis import strategies as st

from lean_sidekick.lsp.bootstrap import initialize_result
from lean_sidekick.lsp.server import SidekickServer
from lean_sidekick.lsp.wire import Connection
from support.fake_engine import fake_backend

CLIENTS = sorted((Path(pytest_lsp.__file__).parent / "clients").glob("*.json"))
NO_HOVER_AND_SUCH = {
    "hoverProvider",
    "definitionProvider",
    "diagnosticProvider",
    "semanticTokensProvider",
    "completionProvider",
}


class Recorder(Connection):
    """A connection that leads nowhere and keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def write(self, data: bytes) -> None:
        self.sent.append(json.loads(data.partition(b"\r\n\r\n")[2]))


def answer_of_pygls(params: dict[str, Any]) -> Any:
    """What pygls answers, with the features that the server registers."""
    recorder = Recorder()
    server = SidekickServer(recorder, lambda: fake_backend(lambda event: None), None)
    server.protocol.accept({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
    (answer,) = [message for message in recorder.sent if message.get("id") == 1]
    return answer["result"]


def params_with(capabilities: Any) -> dict[str, Any]:
    return {"processId": None, "rootUri": None, "capabilities": capabilities}


@pytest.mark.parametrize("path", CLIENTS, ids=lambda path: path.stem)
def test_for_real_editors(path: Path) -> None:
    params = params_with(json.loads(path.read_text())["capabilities"])
    assert initialize_result(params) == answer_of_pygls(params)


@settings(max_examples=30)  # each makes a server
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "textDocument": st.fixed_dictionaries(
                {},
                optional={
                    "synchronization": st.fixed_dictionaries(
                        {},
                        optional={
                            "willSave": st.booleans(),
                            "willSaveWaitUntil": st.booleans(),
                            "didSave": st.booleans(),
                            "dynamicRegistration": st.booleans(),
                        },
                    ),
                    "rename": st.just({"prepareSupport": True}),
                },
            ),
            "general": st.fixed_dictionaries(
                {}, optional={"positionEncodings": st.lists(st.sampled_from(["utf-8", "utf-16", "utf-32", "x"]))}
            ),
            "notebookDocument": st.just({"synchronization": {}}),
            "workspace": st.just({"fileOperations": {"didCreate": True, "willRename": True}}),
        },
    )
)
def test_for_any_mixture_of_what_changes_pygls_answer(capabilities: Any) -> None:
    params = params_with(capabilities)
    assert initialize_result(params) == answer_of_pygls(params)


def test_lean_s_own_server_is_left_alone() -> None:
    """Beside Lean's server in one editor, nothing is offered twice."""
    capabilities = initialize_result(params_with({}))["capabilities"]
    assert NO_HOVER_AND_SUCH & set(capabilities) == set()


@pytest.mark.parametrize("capabilities", [None, 7, [], {"textDocument": 7}, {"textDocument": {"synchronization": 7}}])
def test_capabilities_of_a_wrong_form_do_not_keep_it_from_answering(capabilities: Any) -> None:
    assert initialize_result(params_with(capabilities)) == initialize_result(params_with({}))
