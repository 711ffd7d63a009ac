"""Every regular expression of the program takes a time that grows with the text, not with its square: much of the text
comes from outside.

Each pattern is given the texts that would show it: what leads up to one of its repetitions, that repetition up to a
length of a hundred thousand, and something that fits nothing. A linear pattern takes milliseconds of processor time, a
quadratic one ten seconds or more: the limit lies between, far from what is linear.
"""

import ast
import importlib
import re
import signal
import sys
from pathlib import Path

import pytest

parser = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")
ROOT = Path(__file__).resolve().parents[2]
LENGTH = 100000
PROCESSOR_SECONDS = 3
FUNCTIONS = ("compile", "match", "fullmatch", "search", "findall", "finditer", "sub", "split")
FLAGS = ("IGNORECASE", "MULTILINE", "DOTALL", "ASCII", "VERBOSE")
# Beside the pattern's own signs, which overlap with those of the repetition before or after.
ALSO = ("a", "0", " ", "\n", "/", "a ")


def patterns():
    """Every pattern that is written out in a call of `re`: its place, how it is used, its text and flags."""
    found = []
    for folder in ("appliance", "web", "deploy"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr in FUNCTIONS
                    and isinstance(node.func.value, ast.Name)
                    and node.func.value.id == "re"
                    and node.args
                ):
                    text = written(node.args[0])
                    uses = [node.func.attr] if node.func.attr != "compile" else uses_of(node, tree)
                    if text is not None:
                        place = f"{path.relative_to(ROOT)}:{node.lineno}"
                        found += [(place, use, text, flags(node)) for use in uses]
    return found


def uses_of(call, tree):
    """What is called of a compiled pattern in its own file; all that searches, where that is not to be seen."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and node.value is call and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            used = {
                other.attr
                for other in ast.walk(tree)
                if isinstance(other, ast.Attribute) and isinstance(other.value, ast.Name) and other.value.id == name
            }
            return sorted(used & set(FUNCTIONS)) or ["finditer"]
    return ["finditer"]


def written(node):
    """A literal, or one with {} in it, which `format` fills."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        literal = written(node.func.value)
        return None if literal is None else literal.replace("{}", "x")
    if isinstance(node, ast.BinOp):
        left, right = written(node.left), written(node.right)
        return None if left is None or right is None else left + right
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, (str, bytes)) else None


def flags(call):
    words = {
        word.attr
        for node in call.args[1:] + [keyword.value for keyword in call.keywords]
        for word in ast.walk(node)
        if isinstance(word, ast.Attribute)
    }
    return sum(int(getattr(re, word)) for word in words if word in FLAGS)


def sample(items):
    """A short text that fits."""
    text = ""
    for operator, value in items:
        name = str(operator)
        if name == "LITERAL":
            text += chr(value)
        elif name == "NOT_LITERAL":
            text += "a" if value != ord("a") else "b"
        elif name == "ANY":
            text += "a"
        elif name == "IN":
            text += one_of(value)
        elif name == "BRANCH":
            text += sample(value[1][0])
        elif name == "SUBPATTERN":
            text += sample(value[-1])
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            text += sample(value[2]) * value[0]
    return text


def one_of(signs):
    for sign in "a0 \n-./:=_([{<\"'\\!@#,;A\t":
        inside = any(fits(sign, kind, value) for kind, value in signs if str(kind) != "NEGATE")
        if inside != (str(signs[0][0]) == "NEGATE"):
            return sign
    return chr(signs[0][1]) if str(signs[0][0]) == "LITERAL" else ""


def fits(sign, kind, value):
    name = str(kind)
    if name == "LITERAL":
        return ord(sign) == value
    if name == "RANGE":
        return value[0] <= ord(sign) <= value[1]
    classes = {
        "CATEGORY_DIGIT": r"\d",
        "CATEGORY_NOT_DIGIT": r"\D",
        "CATEGORY_SPACE": r"\s",
        "CATEGORY_NOT_SPACE": r"\S",
        "CATEGORY_WORD": r"\w",
        "CATEGORY_NOT_WORD": r"\W",
    }
    return re.match(classes[str(value)], sign) is not None


def repetitions(items, before=""):
    """What leads up to each repetition without an end, and one turn of it."""
    for index, (operator, value) in enumerate(items):
        lead = before + sample(items[:index])
        name = str(operator)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            if value[1] == parser.MAXREPEAT:
                yield lead, sample(value[2])
            yield from repetitions(value[2], lead)
        elif name == "SUBPATTERN":
            yield from repetitions(value[-1], lead)
        elif name == "BRANCH":
            for branch in value[1]:
                yield from repetitions(branch, lead)
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from repetitions(value[1], lead)


def texts(pattern, flag):
    tree = parser.parse(pattern, flag & ~re.ASCII if isinstance(pattern, str) else flag)
    found = set()
    for lead, turn in repetitions(tree):
        turns = {turn, lead + turn} | set(ALSO)
        found |= {lead + one * (LENGTH // max(1, len(one))) + end for one in turns if one for end in ("\x00", "")}
    return sorted(found)


class TooLong(Exception):
    pass


def cost(function, pattern, flag, text):
    """Raises TooLong. A search is interrupted by a signal: `re` looks for them."""
    compiled = re.compile(pattern, flag)
    given = text if isinstance(pattern, str) else text.encode("utf-8")
    if function == "sub":
        compiled.sub(given[:0], given)
    else:
        found = getattr(compiled, function)(given)
        list(found if function == "finditer" else [])


@pytest.fixture()
def limited():
    def stop(number, frame):
        raise TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    yield lambda: signal.setitimer(signal.ITIMER_VIRTUAL, PROCESSOR_SECONDS)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("place, function, pattern, flag", patterns(), ids=lambda value: str(value)[:60])
def test_a_pattern_takes_time_by_the_length_of_its_text(limited, place, function, pattern, flag):
    for text in texts(pattern, flag):
        limited()
        try:
            cost(function, pattern, flag, text)
        except TooLong:
            pytest.fail(f"{place}: re.{function}({pattern!r}) on {text[:40]!r}... {text[-20:]!r}")


@pytest.mark.parametrize(
    "pattern", [r"[a-z][a-z0-9+.-]*://", r"\s+$", r"(\w+\s?)*x", r"^\s*<\s*ID", r"[^:]+(?::[^ :]+)*: x"]
)
def test_a_pattern_that_takes_the_square_is_found(limited, pattern, monkeypatch):
    """So that this test proves something."""
    monkeypatch.setitem(globals(), "PROCESSOR_SECONDS", 1)
    with pytest.raises(TooLong):
        for text in texts(pattern, int(re.MULTILINE)):
            limited()
            cost("finditer", pattern, int(re.MULTILINE), text)
