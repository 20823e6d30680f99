"""The card as one self-contained HTML page, without a script."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader

from noria.card.pictures import pictures
from noria.card.record import Record
from noria.card.sections import sections


def page(record: Record) -> str:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("noria.card", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    said = sections(record)
    return environment.get_template("page.html.jinja").render(
        record=record,
        sections=said,
        pictures=pictures(record),
        missing=[(section, line) for section in said for line in section.missing],
    )
