"""Write docs/settings.md: `python -m tools.make_settings_doc`. A test fails if the page is out of date."""

import sys
from pathlib import Path
from typing import Dict, List

from appliance.schema.setting import Setting
from appliance.schema.settings import SETTINGS
from appliance.schema.values import describe
from appliance.settings.render import show_value

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"

_HEAD = """\
<!-- Made by tools/make_settings_doc.py from the schema (appliance/schema/rows/): change it there. -->

# Settings

Each of these is a key of `config.yml`, an option of the command line (`det_th` is `--det-th`) and a variable of the
environment (`SPLITLENS_DET_TH`). [Configuration](configuration.md) says which of them wins.

**live** can be changed in the dashboard and by the [API](api.md) while `up` runs; **per stream** may have another value
for one camera:

```yaml
det_th: 0.5
streams:
  door: rtsp://camera/1
  yard:
    source: 0
    det_th: 0.3
    shown_classes: [person, dog]
```

Beside these a stream has `source`, `model`, and the `zones`, `lines`, `ignore` and `privacy` of
[Zones, lines and masks](zones.md).

An editor that knows JSON Schema completes and checks `config.yml`: write the schema beside it, and name it in the
first line.

```
splitlens config schema > splitlens.schema.json
```

```yaml
# yaml-language-server: $schema=splitlens.schema.json
```
"""


def make_page() -> str:
    """Return the text of docs/settings.md."""
    groups: Dict[str, List[Setting]] = {}
    for setting in SETTINGS.values():
        groups.setdefault(setting.group, []).append(setting)
    parts = [_HEAD]
    for group, settings in groups.items():
        rows = "\n".join(_row(setting) for setting in settings)
        parts.append(
            f"## {group[0].upper()}{group[1:]}\n\n| setting | value | default | meaning |\n|---|---|---|---|\n{rows}\n"
        )
    return "\n".join(parts)


def _row(setting: Setting) -> str:
    marks = [mark for mark, is_so in (("live", setting.live), ("per stream", setting.per_stream)) if is_so]
    meaning = setting.description + (f" (**{', '.join(marks)}**)" if marks else "")
    default = "" if setting.default is None else f"`{show_value(setting.default)}`"
    cells = (f"`{setting.key}`", describe(setting), default, meaning)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main() -> int:
    """Write the page."""
    PAGE.write_text(make_page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
