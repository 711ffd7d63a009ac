"""What README, docs/ and the files for contributors name is there."""

import json
import re
from pathlib import Path

import pytest
import yaml

from appliance import __version__
from appliance.cli.arguments import parse
from appliance.core.errors import ConfigError
from appliance.zoo.catalogue import load_catalogue
from web.api import read_description

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob(".github/**/*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def blocks_and_spans(text):
    """Code: that of blocks, line by line, and that within sentences."""
    blocks = re.findall(r"^```.*?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    sentences = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()] + re.findall(r"`([^`]+)`", sentences)


def targets():
    made = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "images.mk"))
    return set(re.findall(r"^([a-z0-9][a-z0-9-]*):", made, re.MULTILINE))


def test_the_readme_stays_short():
    assert len(read("README.md").splitlines()) <= 120


@pytest.mark.parametrize("name", [*NAMES, ".github/workflows/ci.yml", ".ci/run", ".devcontainer/devcontainer.json"])
def test_every_make_target_that_is_named_is_there(name):
    lines = blocks_and_spans(read(name)) if name.endswith(".md") else read(name).splitlines()
    named = set()
    for line in lines:
        for words in re.findall(r"(?:^|[\"&;:] *|run: )make ((?:[a-z][\w-]*(?: |$|\"))+)", line):
            named |= set(words.replace('"', "").split())
    assert named <= targets()


@pytest.mark.parametrize("name", NAMES)
def test_every_command_that_is_named_is_one(name):
    for code in blocks_and_spans(read(name)):
        found = re.match(r"(?:SPLITLENS_\w+=\S+ )?splitlens ([a-z]+)(?: ([a-z]+))?(?:\s|$)", code)
        if not found or found.group(1) == "splitlens":
            continue
        command, action = found.groups()
        words = [command] if command not in ("models", "config") or not action else [command, action]
        with pytest.raises(SystemExit):  # that is what --help does; an unknown command is a ConfigError
            parse([*words, "--help"])


def test_an_unknown_command_would_be_noticed():
    with pytest.raises(ConfigError):
        parse(["imgae", "--help"])


@pytest.mark.parametrize("name", NAMES)
def test_every_file_that_is_named_is_there(name):
    """Those below a folder of the repository, or of `appliance`; what is only named (config.yml) may be anywhere."""
    packages = {path.name for path in (ROOT / "appliance").iterdir() if path.is_dir()}
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"models", "samples", "build", ".venv"}
    for code in re.findall(r"`([\w./-]+/[\w./-]*)`", read(name)):
        first = code.split("/")[0]
        if re.search(r"\b(NAME|ID|FOLDER)\b", code) or first not in folders | packages:
            continue
        assert (ROOT / code).exists() or (ROOT / "appliance" / code).exists(), code


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("docs/")])
def test_links_out_of_the_readme_lead_somewhere(name):
    """Those within docs/ are checked by `make docs`."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", read(name)):
        assert ((ROOT / name).parent / target).exists(), target


def test_the_version_stands_in_one_place():
    assert read_description()["info"]["version"] == __version__
    says = re.compile(r"""^\W*_*version_*"?\s*[=:]\s*["']?\d+\.\d""", re.IGNORECASE | re.MULTILINE)
    holders = [
        str(path.relative_to(ROOT))
        for folder in ("appliance", "web")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in (".py", ".yml", ".html", ".js")
        and "vendor" not in path.parts
        and path.name not in ("libraries.yml", "catalogue.yml")  # those of others
        if says.search(path.read_text(encoding="utf-8"))
    ]
    assert holders == ["appliance/__init__.py"]


@pytest.mark.parametrize("path", sorted(ROOT.glob(".github/**/*.yml")) + [ROOT / ".pre-commit-config.yaml"])
def test_the_files_for_a_forge_are_yaml(path):
    assert yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_development_container_is_json():
    assert json.loads(read(".devcontainer/devcontainer.json"))["postCreateCommand"] == "make setup"


def test_there_are_ten_recipes_of_ten_lines_at_most():
    recipes = read("CONTRIBUTING.md").split("## Recipes")[1].split("\n### ")[1:]
    assert len(recipes) == 10
    assert max(len([line for line in recipe.splitlines()[1:] if line]) for recipe in recipes) <= 10


def test_the_words_of_the_glossary_are_those_of_the_code():
    rows = [line.split("|") for line in read("docs/glossary.md").splitlines() if line.startswith("| **")]
    named = {name.split(".")[0] for row in rows for name in re.findall(r"`([A-Z]\w+(?:\.\w+)?)`", row[3])}
    code = "".join(
        path.read_text(encoding="utf-8") for folder in ("appliance", "web") for path in (ROOT / folder).rglob("*.py")
    )
    assert len(named) > 15 and named <= set(re.findall(r"^class (\w+)", code, re.MULTILINE))


def test_the_architecture_names_every_package():
    drawn = read("docs/architecture.md").split("## Packages")[1]
    packages = {path.parent.name for path in (ROOT / "appliance").glob("*/__init__.py")}
    assert packages == set(re.findall(r"^  (\w+)/ ", drawn, re.MULTILINE))


def test_the_readme_counts_the_models_right():
    (count,) = re.findall(r"a catalogue of (\d+) models", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert int(count) == len(load_catalogue())
