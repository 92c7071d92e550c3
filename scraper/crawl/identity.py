"""Sign the requests of a crawl with the key of its operator (Web Bot Auth, draft-ietf-webbotauth-httpsig-protocol).

A signature is one of RFC 9421 over the host and the address of the operator's key directory, valid for a minute.
cryptography signs; http-message-signatures, made for the messages of requests, would add a library for these few lines.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.model.errors import ConfigError
from storage.model.urls import request_url

LIFETIME = timedelta(minutes=1)
"""Validity of a signature: it is made when its request is sent."""

DIRECTORY_PATH = "/.well-known/http-message-signatures-directory"
DIRECTORY_TYPE = "application/http-message-signatures-directory+json"
"""Path and media type at which a verifier finds the keys of a Signature-Agent."""

_LABEL = "sig1"
_COMPONENTS = f'("@authority" "signature-agent";key="{_LABEL}")'


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """Private key of the operator, and the https origin at which its public key is published."""

    key: Ed25519PrivateKey
    agent: str

    @classmethod
    def create(cls, agent: str) -> Self:
        """Make a new key. Raises ConfigError unless `agent` is an https URL without a path."""
        return cls(Ed25519PrivateKey.generate(), _agent_origin(agent))

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read a key file. Raises ConfigError if it is missing, damaged, or readable by others."""
        try:
            mode, text = file.stat().st_mode, file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise ConfigError(f"identity {file} cannot be read: {reason}; presswatch identity new makes one") from error
        if os.name == "posix" and mode & 0o077:
            raise ConfigError(f"identity {file} can be read by others; run chmod 600 {file}")
        try:
            document = json.loads(text)
            key = Ed25519PrivateKey.from_private_bytes(_decode(document["d"]))
            identity = cls(key, _agent_origin(document["signature_agent"]))
        except (ValueError, TypeError, KeyError) as error:
            raise ConfigError(f"identity {file} is damaged; presswatch identity new makes another") from error
        if identity.public_key.get("x") != document.get("x"):
            raise ConfigError(f"identity {file} is damaged: its keys do not belong together")
        return identity

    @property
    def public_key(self) -> dict[str, str]:
        """Return the public key as a JWK (RFC 8037 §2)."""
        return {"kty": "OKP", "crv": "Ed25519", "x": _encode(self.key.public_key().public_bytes_raw())}

    @property
    def key_id(self) -> str:
        """Return the thumbprint of the public key (RFC 7638, RFC 8037 appendix A.3)."""
        canonical = json.dumps(self.public_key, separators=(",", ":"), sort_keys=True)
        return _encode(hashlib.sha256(canonical.encode()).digest())

    @property
    def directory(self) -> str:
        """Return the key directory to publish, as JSON (RFC 7517 §5)."""
        key = {**self.public_key, "kid": self.key_id, "use": "sig"}
        return json.dumps({"keys": [key]}, indent=2) + "\n"

    def save(self, file: Path) -> None:
        """Write the key to a new file that only its owner can read. Raises ConfigError if the file exists."""
        document = {**self.public_key, "kid": self.key_id, "signature_agent": self.agent}
        private = {"d": _encode(self.key.private_bytes_raw())}
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise ConfigError(f"{file} exists; name another file with --key, or move it away") from None
        except OSError as error:
            raise ConfigError(f"{file} cannot be written: {error.strerror}") from error
        with os.fdopen(descriptor, "w", encoding="utf-8") as output:
            output.write(json.dumps(document | private, indent=2) + "\n")

    def sign(self, authority: str, *, now: datetime) -> Mapping[str, str]:
        """Return the headers that sign a request to `authority`, a host with its port unless that is the default.

        Each signature has a nonce of its own, so that a verifier can refuse a second use.
        """
        created, nonce = int(now.timestamp()), base64.b64encode(secrets.token_bytes(64)).decode()
        parameters = (
            f'{_COMPONENTS};created={created};keyid="{self.key_id}";alg="ed25519"'
            f';expires={created + int(LIFETIME.total_seconds())};nonce="{nonce}";tag="web-bot-auth"'
        )
        lines = (
            f'"@authority": {authority}',
            f'"signature-agent";key="{_LABEL}": "{self.agent}"',
            f'"@signature-params": {parameters}',
        )
        signature = base64.b64encode(self.key.sign("\n".join(lines).encode("ascii"))).decode()
        return {
            "Signature-Agent": f'{_LABEL}="{self.agent}"',
            "Signature-Input": f"{_LABEL}={parameters}",
            "Signature": f"{_LABEL}=:{signature}:",
        }


def _agent_origin(agent: str) -> str:
    sent = request_url(agent)
    if sent is None or sent.origin.scheme != "https" or not re.fullmatch(r"https://[^/?#]+/?", agent, re.IGNORECASE):
        raise ConfigError(f"{agent!r} is not the origin of a key directory; write scheme and host, https://example.org")
    return str(sent.origin)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
