"""A comparison as one HTML page that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader

from noria.comparison import phrases, pictures
from noria.comparison.result import Comparison


def page(found: Comparison) -> str:
    """Return the page: metrics, pictures of slices, calibration and importance, flips, and the records."""
    template = Environment(
        loader=PackageLoader("noria.comparison", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    ).get_template("page.html.jinja")
    return template.render(found=found, say=phrases, draw=pictures)
