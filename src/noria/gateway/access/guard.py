"""Who may ask, and how often: the right that a route needs, and the rate of a client."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from time import monotonic

from msgspec.structs import replace

from noria.core.policy import Rate
from noria.errors import RequestError
from noria.gateway.access.rates import Buckets
from noria.gateway.access.token_watch import TokenWatch
from noria.gateway.access.tokens import Scope, Token
from noria.gateway.http.messages import Reply, Request
from noria.gateway.models import Models
from noria.gateway.paths import Route
from noria.ports import Clock


class Access:
    """Lets a request go on to its endpoint if its client may. A client is a token, or else an address."""

    def __init__(self, models: Models, *, tokens: TokenWatch | None, buckets: Buckets, clock: Clock) -> None:
        """Without `tokens`, everybody may ask everything, at the rates of the models."""
        self._models = models
        self._tokens = tokens
        self._buckets = buckets
        self._clock = clock
        self._rates = {model.name: model.settings.rate for model in models}

    def guard(self, route: Route) -> Route:
        """Return the route with its endpoint behind the checks: what is checked is what is called."""
        if route.scope is None or not (self._tokens or any(self._rates.values())):
            return route

        scope, whole, endpoint = route.scope, route.whole, route.endpoint

        def guarded(request: Request, reply: Reply, **named: str) -> None:
            model = None if whole else named.get("model") or self._models.meant_name(request.headers)
            endpoint(self._checked(request, scope, model), reply, **named)

        return replace(route, endpoint=guarded)

    def _checked(self, request: Request, scope: Scope, model: str | None) -> Request:
        """Return a request that may pass and needs a right to a model, or to all models, with its client.

        Raises:
            RequestError: 401, 403 or 429.
        """
        if self._tokens:
            token = self._bearer(self._tokens, request, scope, model)
            request = replace(request, client=token.name, own=not token.allows(Scope.FEEDBACK, model))
        if model and (rate := self._rates.get(model)):
            self._count(request.client or _network(request.peer), model, rate)
        return request

    def _bearer(self, tokens: TokenWatch, request: Request, scope: Scope, model: str | None) -> Token:
        """Return a request's token, if it allows what is asked for; who may predict may label its own."""
        now = self._clock.now()
        token = tokens.tokens.find(request.headers, now)
        if token is None:  # nobody is told whether it was wrong, expired or revoked
            raise RequestError(401, "a valid token is needed: Authorization: Bearer noria_...")
        tokens.used[token.name] = now
        if not (
            token.allows(scope, model) or (scope is Scope.FEEDBACK and token.allows(Scope.PREDICT, model))
        ):
            what = f"model {model[:80]!r}" if model else "all models"
            raise RequestError(403, f"the token {token.name} does not allow {scope} for {what}")
        return token

    def _count(self, client: str, model: str, rate: Rate) -> None:
        wait = self._buckets.take(client, model, rate, monotonic())
        if wait:
            allowed = f"{rate.count} requests in {rate.period.total_seconds():g} s"
            raise RequestError(429, f"more than {allowed} for model {model}", retry=ceil(wait))


@lru_cache(4096)
def _network(peer: str) -> str:
    """Return whom an address stands for: a client of IPv6 has not one of them, but a whole /64."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if not isinstance(address, IPv6Address):
        return peer
    return str(address.ipv4_mapped or IPv6Network((address, 64), strict=False))
