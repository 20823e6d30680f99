import re
import zlib
from datetime import UTC, datetime, timedelta

import pytest

from noria.gateway.access.tokens import Scope, Token, Tokens, digest, mint

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def token(secret: str, *scopes: Scope, models: tuple[str, ...] = ()) -> Token:
    return Token(
        name="shop",
        digest=digest(secret.encode()),
        scopes=scopes or (Scope.PREDICT,),
        models=models,
        created=NOON,
        expires=NOON + timedelta(days=1),
    )


def test_a_scanner_knows_a_secret_by_its_prefix_and_checksum() -> None:
    for _ in range(100):
        secret = mint()
        assert re.fullmatch(r"noria_[0-9A-Za-z]{49}", secret)
        check = 0
        for sign in secret[-6:]:
            check = check * 62 + ALPHABET.index(sign)
        assert check == zlib.crc32(secret[6:-6].encode())


def test_secrets_are_random() -> None:
    made = [mint()[6:-6] for _ in range(1000)]
    assert len(set(made)) == 1000
    used = {sign for body in made for sign in body[1:]}  # the first of 43 is low: 62^43 is 1.04 * 2^256
    assert used == set(ALPHABET)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"Bearer SECRET", True),
        (b"bearer  SECRET ", True),
        (b"Basic SECRET", False),
        (b"SECRET", False),
        (b"Bearer", False),
        (b"Bearer SECRETx", False),
        (b"Bearer \xff\xfe", False),
        (b"", False),
    ],
)
def test_a_token_is_found_by_its_secret_alone(header: bytes, found: bool) -> None:
    secret = mint()
    tokens = Tokens([token(secret)])
    headers = {b"authorization": header.replace(b"SECRET", secret.encode())}
    assert bool(tokens.find(headers, NOON)) == found
    assert tokens.find({}, NOON) is None


def test_a_token_ends_when_it_expires_or_is_known_no_more() -> None:
    secret = mint()
    tokens = Tokens([token(secret)])
    headers = {b"authorization": f"Bearer {secret}".encode()}
    assert tokens.find(headers, NOON + timedelta(days=1, microseconds=-1))
    assert not tokens.find(headers, NOON + timedelta(days=1))
    tokens.know([])
    assert not tokens.find(headers, NOON)


@pytest.mark.parametrize(
    ("scopes", "models", "scope", "model", "allowed"),
    [
        ((Scope.PREDICT,), (), Scope.PREDICT, "m", True),
        ((Scope.PREDICT,), (), Scope.FEEDBACK, "m", False),
        ((Scope.PREDICT,), (), Scope.PREDICT, None, True),
        ((Scope.PREDICT,), ("m",), Scope.PREDICT, "m", True),
        ((Scope.PREDICT,), ("m",), Scope.PREDICT, "n", False),
        ((Scope.PREDICT,), ("m",), Scope.PREDICT, None, False),  # what tells of all models
        ((Scope.PREDICT, Scope.FEEDBACK), ("m", "n"), Scope.FEEDBACK, "n", True),
        ((Scope.ALL,), ("m",), Scope.OBSERVE, "m", True),
        ((Scope.ALL,), ("m",), Scope.OBSERVE, "n", False),
    ],
)
def test_what_a_token_allows(
    scopes: tuple[Scope, ...], models: tuple[str, ...], scope: Scope, model: str | None, allowed: bool
) -> None:
    assert token("s", *scopes, models=models).allows(scope, model) == allowed
