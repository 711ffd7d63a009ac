"""The JSON Schema of config.yml, and the page of the documentation: both are made from the settings' rows."""

import re
from pathlib import Path

import pytest
import yaml

from appliance.core.errors import ConfigError
from appliance.schema.json_schema import config_schema
from appliance.schema.settings import SETTINGS
from appliance.settings import load_settings
from tests.unit.test_settings import ORIGINAL
from tools.make_settings_doc import PAGE, make_page

jsonschema = pytest.importorskip("jsonschema")
ROOT = Path(__file__).resolve().parents[2]


def complaints(content):
    return [error.message for error in jsonschema.Draft7Validator(config_schema()).iter_errors(content)]


def documented():
    """The blocks of YAML in the documentation that are pieces of a config.yml."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for number, block in enumerate(re.findall(r"```ya?ml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)):
            content = yaml.safe_load(block)
            if isinstance(content, dict) and set(content) & set(SETTINGS):
                yield pytest.param(block, id=f"{page.name} {number}")


def test_it_is_a_schema_and_knows_every_setting():
    schema = config_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    assert list(schema["properties"]) == list(SETTINGS)
    assert all(one["description"] for one in schema["properties"].values())


@pytest.mark.parametrize("text", [pytest.param(ORIGINAL, id="the original project's"), *documented()])
def test_good_config_files_pass_it(text):
    assert complaints(yaml.safe_load(text)) == []


@pytest.mark.parametrize("path", sorted((ROOT / "profiles").glob("*.yml")), ids=lambda path: path.name)
def test_the_profiles_pass_it(path):
    assert complaints(yaml.safe_load(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "det_treshold: 0.5",
        "det_th: 1.5",
        "det_th: half",
        "det_interval: 0.5",
        "det_interval: -1",
        "vis_text: 7",
        "rtsp_transport: http",
        "camera_input: 256",
        "power_mode: [1]",
        "shown_classes: {person: true}",
        "shown_classes: ['']",
        "streams: [a]",
        "keep: {event: 2 d}",
        "keep: {events: 2 days}",
        "keep: {events: 2}",
        "record: always",
        "streams: {The Door: 0}",
        "streams: {a: {model: x}}",
        "streams: {a: {source: 0, sorce: 1}}",
        "streams: {a: {source: 0, keep_days: 1}}",
        "streams: {a: {source: 0, det_th: 2}}",
        "streams: {a: {source: 0, shown_classes: 5}}",
    ],
)
def test_it_refuses_what_the_loader_refuses(tmp_path, text):
    assert complaints(yaml.safe_load(text))
    (tmp_path / "config.yml").write_text(text)
    with pytest.raises(ConfigError):
        load_settings(tmp_path / "config.yml", {}, {})


def test_a_key_without_a_value_is_no_mistake():
    assert complaints({key: None for key in SETTINGS}) == []


def test_the_page_of_settings_is_current():
    assert PAGE.read_text(encoding="utf-8") == make_page(), "run `python -m tools.make_settings_doc`"
