"""How the documentation is built: sphinx-build -W -n --keep-going -b html docs docs/_build.  It needs no network."""

from __future__ import annotations

from pygments.lexers.shell import BashLexer
from sphinx.application import Sphinx

project = "pytest-mtbench"
html_title = "pytest-mtbench"
copyright = "The pytest-mtbench developers"  # noqa: A001 - Sphinx's name
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
smartquotes = False  # an option begins with two hyphens
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["docs.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False


def setup(app: Sphinx) -> None:
    """Blocks of commands hold no prompts, without which the console lexer takes all for output."""
    app.add_lexer("console", BashLexer)
