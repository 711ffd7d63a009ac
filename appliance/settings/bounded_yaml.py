"""Read YAML from outside within limits.

PyYAML's time grows with the square of the depth, and aliases (`*name`) can expand one line to gigabytes. Files of the
package itself (boards, sensors, the catalogue) are read with `yaml.safe_load`.
"""

from typing import Any, List, Optional

import yaml

MOST_BYTES = 100000
MOST_DEPTH = 20


class _Loader(yaml.SafeLoader):
    """Reports excessive depth as the scanner reports its errors: with a position."""

    flow_level: int
    indents: List[int]

    def fetch_flow_collection_start(self, TokenClass: Any) -> None:
        self._refuse_depth(self.flow_level)
        super().fetch_flow_collection_start(TokenClass)

    def add_indent(self, column: int) -> bool:
        self._refuse_depth(len(self.indents))
        return bool(super().add_indent(column))

    def _refuse_depth(self, depth: int) -> None:
        if depth >= MOST_DEPTH:
            raise yaml.scanner.ScannerError(None, None, "nested too deeply", self.get_mark())


class _LoaderWithoutAliases(_Loader):
    def fetch_alias(self) -> None:
        raise yaml.scanner.ScannerError(None, None, "an alias (*name); write out what it stands for", self.get_mark())


def compose(text: str) -> Optional[yaml.Node]:
    """Return the nodes of one document, None for an empty one. Raises yaml.YAMLError, usually with a `problem_mark`."""
    _refuse_size(text)
    node: Optional[yaml.Node] = yaml.compose(text, Loader=_LoaderWithoutAliases)
    return node


def load(text: str) -> Any:
    """Return the content of a document that the program wrote. Allows aliases. Raises yaml.YAMLError, ValueError."""
    _refuse_size(text)
    return yaml.load(text, Loader=_Loader)


def _refuse_size(text: str) -> None:
    if len(text) > MOST_BYTES:
        raise yaml.YAMLError(f"longer than {MOST_BYTES} characters")
