"""The signature of an artifact, by the project's key: an OpenSSF model signature in a Sigstore bundle.

It is written by the library `model_signing`, and its command line verifies it too. Here it is verified
without that library, which takes half a second to import: the envelope's signature by the key (DSSE), and
the file digests in its statement (in-toto) against the artifact's manifest.

Formats: https://github.com/secure-systems-lab/dsse/blob/v1.0.0/protocol.md and
https://github.com/sigstore/model-transparency.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode
from pathlib import Path
from typing import Any

from noria.artifact import manifest
from noria.artifact.lineage import place
from noria.artifact.manifest import fault

NAME = "model.sig"
PRIVATE, PUBLIC = "model.key", "model.pub"


def public_key(home: Path) -> Path:
    """Return where the public key of a project lies, `home` being its .noria; PEM."""
    return home / "keys" / PUBLIC


def sign(artifact: Path, home: Path, signature: Path) -> Path:
    """Sign the artifact with the project's key, which is made at first use; return `signature`, the file."""
    from model_signing import hashing, signing

    left_behind = [path for name in manifest.LEFT_BEHIND for path in artifact.rglob(name)]
    files = hashing.Config().set_ignored_paths(paths=left_behind)
    by = signing.Config().use_elliptic_key_signer(private_key=_private_key(home / "keys"))
    by.set_hashing_config(files).sign(artifact, signature)
    return signature


def verify(artifact: Path, digest: str, key: Path) -> None:
    """Return when the artifact is the one with this digest, signed by the public key in the file `key`.

    Where there is no such file, nothing was ever signed, and the digest alone counts.

    Raises:
        ArtifactError: names what of artifact, manifest or signature is not as it was.
    """
    manifest.verify(artifact, digest)
    if not key.exists():
        return
    signed = _signed_files(artifact, key)
    present = manifest.files(artifact)
    for name in sorted(signed.keys() | present.keys()):
        if signed.get(name) != present.get(name):
            raise fault(artifact, f"{NAME} was made for another {name}")


def _signed_files(artifact: Path, key: Path) -> dict[str, str]:
    """Return the SHA-256 of each file, as the signature beside the artifact has it, once it has verified."""
    try:
        envelope = json.loads(place(artifact, NAME).read_text())["dsseEnvelope"]
        payload, signature = b64decode(envelope["payload"]), b64decode(envelope["signatures"][0]["sig"])
        _check(_encoded(envelope["payloadType"], payload), signature, key, artifact)
        statement: dict[str, Any] = json.loads(payload)
        return {each["name"]: each["digest"] for each in statement["predicate"]["resources"]}
    except FileNotFoundError:
        raise fault(artifact, f"its signature {NAME} is missing") from None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise fault(artifact, f"its signature {NAME} cannot be read ({error})") from None


def _check(message: bytes, signature: bytes, key: Path, artifact: Path) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    public = load_pem_public_key(key.read_bytes())
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise fault(artifact, f"{key} is no key of an elliptic curve")
    try:
        public.verify(signature, message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        raise fault(artifact, f"its signature {NAME} is not by the key {key}, or was changed") from None


def _encoded(kind: str, payload: bytes) -> bytes:
    """Return what DSSE signs: the pre-authentication encoding of type and payload."""
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)


def _private_key(folder: Path) -> Path:
    """Return the file of the private key, its owner's alone; made at first use, with the public one."""
    private = folder / PRIVATE
    if not private.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make(private)
    if not (folder / PUBLIC).exists():
        _publish(private, folder / PUBLIC)
    return private


def _make(private: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    draft = private.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, private)  # unlike a rename it never replaces a key that another process has made
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _publish(private: Path, public: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(private.read_bytes(), None).public_key()
    draft = public.with_suffix(f".{os.getpid()}")
    draft.write_bytes(
        key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    draft.replace(public)
