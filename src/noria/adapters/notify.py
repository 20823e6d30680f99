"""Messages to people, by apprise: Slack, mail, webhooks and a hundred others, each by a URL.

A URL of apprise holds the service's secret. So nothing here logs or returns one; the library names them at
the level DEBUG alone.
"""

from __future__ import annotations

import logging
import os
import re
from queue import Empty, SimpleQueue
from threading import Thread

LIMIT = 15.0
"""Seconds that a service may take: apprise limits each read alone, and a byte a second would pass that."""


def send(route: str, title: str, text: str, limit: float = LIMIT) -> str:
    """Tell a route, a URL of apprise or `$NAME` for one in the environment; return what went wrong, or ""."""
    url = os.environ.get(route[1:], "") if route.startswith("$") else route
    if not url:
        return f"{route} is not set in the environment of noria"
    said: SimpleQueue[str] = SimpleQueue()
    Thread(target=lambda: said.put(_send(url, title, text)), name="route", daemon=True).start()
    try:
        return said.get(timeout=limit)
    except Empty:
        return f"no answer within {limit:g} s"


def _send(url: str, title: str, text: str) -> str:
    try:
        import apprise

        # Not asynchronous: its pool of threads would hold the process at its end until the service answers.
        asset = apprise.AppriseAsset(app_id="noria", app_desc="noria", app_url="", async_mode=False)
        service = apprise.Apprise(asset=asset)
        if not service.add(url):
            return "apprise knows no service of this URL: https://appriseit.com lists them"
        with apprise.LogCapture(level=logging.WARNING) as log:
            if service.notify(text, title=title, body_format=apprise.NotifyFormat.TEXT):
                return ""
            return _why(log.getvalue())
    except Exception as error:
        return f"apprise raised {type(error).__name__}"


def _why(log: str) -> str:
    """Return what of the library's log tells no secret: the status, or that nobody could be reached."""
    status = re.search(r"error=(\d+)", log)
    return f"the service refused it: status {status[1]}" if status else "the service could not be reached"
