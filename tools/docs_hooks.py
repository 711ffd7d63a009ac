"""For mkdocs: pages from files elsewhere in the repository, so that each fact is written once.

README.md is the site's first page; CONTRIBUTING.md and others are pages too. Their links, written for readers of the
repository, are changed to pages of the site.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig  # type: ignore[import-not-found, unused-ignore]
from mkdocs.structure.files import File, Files  # type: ignore[import-not-found, unused-ignore]

ROOT = Path(__file__).resolve().parent.parent

PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
"""File in the repository -> page of the site."""

_LINK = re.compile(r"(\]\()([^)#:]+)(#[^)]*)?(\))")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are made here."""
    for name, page in PAGES.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=_LINK.sub(_on_site, text)))
    return files


def _on_site(link: "re.Match[str]") -> str:
    target = link.group(2)
    page = PAGES.get(target, target[len("docs/") :] if target.startswith("docs/") else target)
    return f"{link.group(1)}{page}{link.group(3) or ''}{link.group(4)}"
