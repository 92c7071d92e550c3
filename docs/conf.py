"""Configure Sphinx: Markdown pages (MyST), the theme furo, nothing loaded from elsewhere."""

from __future__ import annotations

from storage.model.version import VERSION

project = "Presswatch"
author = "the authors of Presswatch"
copyright = author  # noqa: A001  (the name is Sphinx's)
release = version = VERSION
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["__pycache__"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
html_theme = "furo"
html_title = f"Presswatch {VERSION}"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
pygments_style = "default"
nitpicky = True
