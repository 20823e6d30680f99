import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from noria.errors import ProjectError, Unavailable
from noria.gateway.http.listen import bind, is_loopback
from noria.gateway.settings import ModelSettings, Settings

MODELS = (ModelSettings(home=Path(".noria"), name="m"),)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_is_listened_on(host: str) -> None:
    assert is_loopback(host)
    try:
        with bind(Settings(models=MODELS, host=host, port=0)) as listener:
            assert listener.getsockname()[1] > 0
    except Unavailable:
        assert host == "::1"  # not every machine has IPv6


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.invalid", ""])
def test_the_network_is_not_unless_that_is_meant(host: str) -> None:
    with pytest.raises(ProjectError, match=r"serve\.host: .*serve\.insecure = true"):
        bind(Settings(models=MODELS, host=host, port=0))


def test_with_the_flag_it_is() -> None:
    with bind(Settings(models=MODELS, host="0.0.0.0", port=0, insecure=True)) as listener:
        assert listener.getsockname()[0] == "0.0.0.0"


def test_a_port_in_use_is_told_with_the_next_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Unavailable, match=f"port {port} of 127.0.0.1 is in use") as told:
            bind(Settings(models=MODELS, port=port))
    assert told.value.hint == f"noria gateway --port {port + 1}"


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(Unavailable, match=r"192\.0\.2\.1"):
        bind(Settings(models=MODELS, host="192.0.2.1", port=0, insecure=True))


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "room"),
    [
        (200, 4000, 1000, 1000),  # raised to 1000 + 125 + 128
        (200, 1028, 1000, 800),  # 1028 - 128 for other files = 900: 800 and an eighth of them
    ],
)
def test_the_limit_of_open_files_is_raised_and_kept(soft: int, hard: int, wanted: int, room: int) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < hard:
        pytest.skip("this machine allows fewer open files")
    said = subprocess.run(
        [sys.executable, "-c", f"from noria.gateway.http.listen import room; print(room({wanted}))"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)),
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(said.stdout) == room


def test_a_certificate_that_does_not_load_is_told_before_anybody_serves(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"no\.pem"):
        bind(Settings(models=MODELS, host="0.0.0.0", port=0, certificate=tmp_path / "no.pem"))
