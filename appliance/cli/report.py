"""Print a command's measurements: lines for people, JSON for programs."""

import json
from pathlib import Path
from typing import Optional, Sequence

from appliance.contract.fields import JsonObject
from appliance.core.sink import cannot_write
from appliance.outputs.lines_file import STANDARD_OUTPUT


def show_report(lines: Sequence[str], report: JsonObject, json_path: Optional[str]) -> None:
    """Print what a command measured.

    Args:
        lines: For people.
        report: The same for programs.
        json_path: Where to write the report; "-" for standard output instead of the lines, None for nowhere.

    Raises:
        OutputError: The file cannot be written.
    """
    if json_path == STANDARD_OUTPUT:
        print(json.dumps(report))
        return
    print("\n".join(lines))
    if json_path is not None:
        try:
            Path(json_path).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise cannot_write(json_path, error) from error
