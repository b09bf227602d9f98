"""The frame of an HTML page: offline, with script and style inside, and its origin at the foot."""

from __future__ import annotations

from typing import Final

import plotly.offline

from penstock import __version__
from penstock.trials.page_parts import text
from penstock.trials.page_style import STYLE

# The browser itself refuses what the page must not do: nothing is loaded from anywhere.
_POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)


def document(title: str, main: str, footer: str) -> str:
    """
    A whole page that works from a file, years later.

    Args:
        title: of the window, after the program's name.
        main, footer: HTML, every string in it escaped.
    """
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>Penstock: {text(title)}</title>
<style>{STYLE}</style>
<script>{plotly.offline.get_plotlyjs()}</script>
</head>
<body>
<main>
{main}
</main>
<footer>
{footer}
</footer>
</body>
</html>
"""


def origin(command: str, machine: str) -> str:
    """A footer: what made the page, and where."""
    return f"""<dl>
<dt>Command</dt><dd><code>{text(command)}</code></dd>
<dt>Machine</dt><dd>{text(machine)}</dd>
<dt>Version</dt><dd>penstock {text(__version__)}</dd>
</dl>"""
