"""A listener with a certificate of its own, and clients that look at it."""

import asyncio
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
import uvloop

from noria.errors import ProjectError
from noria.gateway.http import tls
from noria.gateway.http.messages import Limits, Reply, Request, Response
from noria.gateway.http.server import Server
from noria.gateway.http.tls import Certificate


class Hello:
    def handle(self, request: Request, reply: Reply) -> None:
        reply(Response(200, b"hello"))

    def refuse(self, path: str, status: int, message: str) -> Response:
        return Response(status, message.encode())


def write(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a certificate for localhost and its key; return their paths."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subject = ["-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    command = ["openssl", "req", "-x509", *curve, *subject, *files, "-days", "1"]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


async def ask(port: int, trusted: Path) -> bytes:
    context = ssl.create_default_context(cafile=trusted)
    reader, writer = await asyncio.open_connection("localhost", port, ssl=context)
    writer.write(b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer


def test_a_renewed_certificate_is_used_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "POLL", 0.02)
    files = write(tmp_path, "first")

    async def main() -> None:
        certificate = Certificate(*files)
        server = Server(Hello(), Limits(), secure=True)
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(server, "localhost", 0, ssl=certificate.context)
        port = listener.sockets[0].getsockname()[1]
        following = asyncio.create_task(certificate.follow())
        answer = await ask(port, files[0])
        assert answer.endswith(b"hello")
        assert b"strict-transport-security: max-age=" in answer
        old = (tmp_path / "old.pem").write_bytes(files[0].read_bytes()) and tmp_path / "old.pem"

        files[1].write_text("half a key")  # the old one stays
        await asyncio.sleep(0.1)
        assert (await ask(port, old)).endswith(b"hello")

        write(tmp_path, "second")
        async with asyncio.timeout(10):
            while not await trusts(port, files[0]):
                await asyncio.sleep(0.02)
        following.cancel()
        listener.close()

    uvloop.run(main())


async def trusts(port: int, trusted: Path) -> bool:
    try:
        return bool(await ask(port, trusted))
    except ssl.SSLError:
        return False


def test_a_certificate_and_its_key_may_share_a_file(tmp_path: Path) -> None:
    certificate, key = write(tmp_path, "both")
    certificate.write_text(certificate.read_text() + key.read_text())
    assert Certificate(certificate, None).context.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("fault", ["missing", "no PEM", "another's key"])
def test_a_certificate_that_does_not_load_is_named(tmp_path: Path, fault: str) -> None:
    certificate, key = write(tmp_path, "x")
    if fault == "missing":
        certificate.unlink()
    elif fault == "no PEM":
        certificate.write_text("hello")
    else:
        other = tmp_path / "other"
        other.mkdir()
        key = write(other, "y")[1]
    with pytest.raises(ProjectError, match=r"serve\.certificate .*cert\.pem"):
        Certificate(certificate, key)


def test_the_gateway_speaks_tls(start: Any, tmp_path: Path) -> None:
    certificate, key = write(tmp_path, "gateway")
    gateway = start(certificate=str(certificate), key=str(key))
    assert b"HTTP/1.1 200 OK" in asyncio.run(ask(gateway.port, certificate))
