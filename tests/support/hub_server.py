"""A model hub as a process of its own, with one small model: enough of the hub's protocol to be asked and downloaded.

`python -m support.hub_server` prints its port and serves until its standard input ends.
"""

import hashlib
import http.server
import json
import sys
import threading

MODEL = "someone/tiny-prover"
WITHOUT_WEIGHTS = "someone/old-weights"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "config.json": b'{"model_type": "t5"}',
    "model.safetensors": b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ",
    "pytorch_model.bin": b"never to be got",
}


class Hub(http.server.BaseHTTPRequestHandler):
    """Answers for both models."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._file(with_body=False)

    def do_GET(self) -> None:
        name = self.path.removeprefix("/api/models/").partition("/revision/")[0].partition("?")[0]
        if not self.path.startswith("/api/models/"):
            self._file(with_body=True)
        elif "/tree/" in self.path:
            self._json([{"type": "file", "path": f, "size": len(d), "oid": _etag(d)} for f, d in FILES.items()])
        elif name in (MODEL, WITHOUT_WEIGHTS):
            files = {f: d for f, d in FILES.items() if name == MODEL or not f.endswith(".safetensors")}
            siblings = [{"rfilename": f, "size": len(d), "blobId": _etag(d)} for f, d in files.items()]
            self._json({"id": name, "sha": COMMIT, "siblings": siblings, "cardData": {"license": "mit"}})
        else:
            self._json({"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"})

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _file(self, *, with_body: bool) -> None:
        data = FILES.get(self.path.rpartition("/")[2].partition("?")[0])
        if data is None:
            self._json({"error": "Entry not found"}, 404, {"X-Error-Code": "EntryNotFound"})
            return
        headers = {"ETag": f'"{_etag(data)}"', "X-Repo-Commit": COMMIT, "Content-Type": "application/octet-stream"}
        self._send(200, data, headers, with_body=with_body)

    def _json(self, value: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})

    def _send(self, status: int, data: bytes, headers: dict[str, str], *, with_body: bool = True) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(data)


def _etag(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
