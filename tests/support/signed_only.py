"""Serve pages to signed bots only, from a child process that verifies signatures by itself (RFC 9421, Web Bot Auth).

The verifier shares no code with the signer: it parses the headers, rebuilds the signature base and looks the key up in
a key directory. It refuses signatures that are missing, expired, for another host, changed, or used before.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.support.paths import ROOT

_INPUT = re.compile(r"(?P<label>[a-z][a-z0-9]*)=(?P<params>\((?P<components>[^)]*)\)(?P<rest>;.*))")
_PARAMETER = re.compile(r';(?P<name>[a-z]+)=(?:"(?P<text>[^"]*)"|(?P<number>\d+))')
_SIGNATURE = re.compile(r"(?P<label>[a-z][a-z0-9]*)=:(?P<value>[A-Za-z0-9+/=]+):")
_AGENT = re.compile(r'(?P<label>[a-z][a-z0-9]*)=(?P<value>"https://[^"/]+")')


class SignedOnly:
    """Child process that serves `pages` (body by target) to requests signed with a key of `directory`."""

    def __init__(self, directory: Path, pages: Mapping[str, bytes]) -> None:
        command = [sys.executable, "-m", "tests.support.signed_only", str(directory)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({target: body.decode() for target, body in pages.items()}) + "\n")
        self._process.stdin.flush()
        self.url = f"http://127.0.0.1:{self._line()}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


class Verifier:
    """Verifies request headers by the keys of a directory, each nonce once."""

    def __init__(self, directory: Mapping[str, Any], longest: int = 24 * 3600) -> None:
        self._longest = longest
        self._keys = {_thumbprint(key["x"]): key for key in directory["keys"]}
        self._used: set[str] = set()

    def refusal(self, headers: Mapping[str, str], now: float) -> str | None:
        """Return the reason to refuse a request; None if it is signed by a known bot."""
        given, signed = _INPUT.fullmatch(headers.get("Signature-Input", "")), headers.get("Signature", "")
        signature, agent = _SIGNATURE.fullmatch(signed), _AGENT.fullmatch(headers.get("Signature-Agent", ""))
        if given is None or signature is None or agent is None:
            return "not signed"
        values = {match["name"]: match["text"] or match["number"] for match in _PARAMETER.finditer(given["rest"])}
        key = self._keys.get(values.get("keyid", ""))
        if key is None or values.get("tag") != "web-bot-auth" or len({given["label"], signature["label"]}) != 1:
            return "unknown key or tag"
        created, expires = int(values["created"]), int(values["expires"])
        if not created - 5 <= now < expires or expires - created > self._longest:
            return "expired"
        component = f'"signature-agent";key="{agent["label"]}"'
        if given["components"].split(" ") != ['"@authority"', component]:
            return "other components"
        if not _is_signed(headers["Host"], given["params"], component, agent["value"], key["x"], signature["value"]):
            return "wrong signature"
        is_used = values["nonce"] in self._used
        self._used.add(values["nonce"])
        return "used before" if is_used else None


def _is_signed(host: str, params: str, component: str, agent: str, x: str, signature: str) -> bool:
    base = f'"@authority": {host.lower()}\n{component}: {agent}\n"@signature-params": {params}'
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(x + "="))
    try:
        key.verify(base64.b64decode(signature), base.encode())
    except InvalidSignature:
        return False
    return True


def _thumbprint(x: str) -> str:
    digest = hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _serve(directory: Path) -> None:
    verifier, pages = Verifier(json.loads(directory.read_text(encoding="utf-8"))), json.loads(sys.stdin.readline())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            refusal = verifier.refusal(dict(self.headers.items()), time.time())
            body = refusal if refusal is not None else pages.get(self.path)
            self.send_response(403 if refusal is not None else 404 if body is None else 200)
            content = (body or "").encode()
            self.send_header("Content-Type", "application/rss+xml" if self.path.endswith(".xml") else "text/html")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
