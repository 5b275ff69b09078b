"""Writes docs/conformance.md from statements.txt and the tags of the tests, or checks it.

    table.py           writes it
    table.py --check   fails if a row has neither test nor reason, if a tag names no statement, or
                       if docs/conformance.md is not what would be written

Tags are those of @keeps in the scripts here, and `[MQTT-4.12.0-2]` or `[311/name]` in a comment
above a TEST of the unit tests or in a test of tests/e2e.
"""

import os
import re
import sys
from dataclasses import dataclass, field

FOLDER = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(FOLDER))
sys.path.insert(0, FOLDER)

import scripts  # noqa: E402

DOCUMENT = os.path.join(ROOT, "docs", "conformance.md")
TAG = re.compile(r"\[(?:MQTT-(\d+\.\d+\.\d+-\d+)|(311/[a-z0-9-]+))\]")
HEAD = """# Conformance

*Made by `tests/conformance/table.py` from `tests/conformance/statements.txt` and the tags of the
tests; do not edit.*

Every numbered statement of MQTT 5.0, and every point where 3.1.1 asks for something else: which
tests keep it, why it does not bind a server, or what was decided and why. The words are ours; the
standard's are at the OASIS site, where a number can be looked up.

Names without a folder are conversations of `tests/conformance` (bytes in, bytes out): they run
against one broker (`muster up`) and, unless their subject is the bytes of one connection with other
settings, against a cluster in which the connections of a conversation take turns between two
brokers. `tests/conformance/run.py --only NAME` runs one.

## Paho's suite

The `paho_...` conversations tell the scenarios of Eclipse's interoperability suite anew, byte by
byte. The suite itself (eclipse/paho.mqtt.testing at GitHub, `interoperability`) runs against

    muster up --listen 127.0.0.1:1883 --data DIR --set broker.max_keep_alive=60s

with `python3 client_test.py` (3.1.1, 11 tests; `Test.will_message_test` must be named, since it is
not found by itself) and `python3 client_test5.py` (5.0, 27 tests). 36 of 38 pass (2026-11-27). The
setting is for `test_server_keep_alive`, which asks for 120 s and wants to be told 60. The two that
fail are `test_subscribe_failure` of both versions: they want SUBACK 0x80 for `test/nosubscribe`,
and the broker has no permissions yet, so it refuses nobody.

Some of its tests count on times. On a busy machine `test_flow_control2` (it may still write when
the broker has ended its connection with 0x93, as it should), `test_redelivery_on_reconnect` or
`test_will_delay` failed besides, each in one of five runs.

## The statements

"""


@dataclass
class Row:
    number: str
    words: str
    why: str
    tests: list = field(default_factory=list)


def statements():
    rows = {}
    with open(os.path.join(FOLDER, "statements.txt"), encoding="utf-8") as file:
        for line in file:
            if not line.strip() or line.startswith("#"):
                continue
            number, words, why = (part.strip() for part in line.split("|", 2))
            assert number not in rows, f"{number} stands twice"
            assert not why or why.startswith(("client: ", "decision: ")), line
            rows[number] = Row(number, words, why)
    return rows


def tagged_tests():
    """(statement, test) of the scripts and of the tests elsewhere."""
    for script in scripts.load():
        for statement in script.statements:
            yield statement, script.name
    for folder, _, names in os.walk(os.path.join(ROOT, "tests")):
        if os.path.basename(folder) in ("conformance", "corpus", "faults"):
            continue
        for name in sorted(names):
            if name.endswith(("_test.cpp", "_test.py")):
                yield from tags_of(os.path.join(folder, name))


def tags_of(path):
    """Each tag belongs to the test that begins next after it, or that it stands in."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if "[MQTT-" not in text and "[311/" not in text:
        return
    names = [(found.start(), found.group(3) or ".".join(found.group(1, 2)))
             for found in re.finditer(r"TEST(?:_F|_P)?\((\w+), (\w+)\)|def (test_\w+)", text)]
    inside = os.path.relpath(os.path.dirname(path), os.path.join(ROOT, "tests"))
    for found in TAG.finditer(text):
        later = [name for at, name in names if at > found.start()]
        earlier = [name for at, name in names if at < found.start()]
        above = path.endswith(".cpp") or not earlier
        name = (later or earlier)[0] if above else earlier[-1]
        yield found.group(1) or found.group(2), f"tests/{inside}: {name}"


def fill(rows):
    """Puts the tests into the rows; returns what is wrong."""
    wrong = []
    for statement, test in tagged_tests():
        if statement not in rows:
            wrong.append(f"{test} names {statement}, which is no statement")
        elif test not in rows[statement].tests:
            rows[statement].tests.append(test)
    wrong += [f"{row.number} ({row.words}) has neither test nor reason"
              for row in rows.values() if not row.tests and not row.why]
    return wrong


def chapter(number):
    if number.startswith("311/"):
        return "What 3.1.1 asks for differently"
    return "Section " + ".".join(number.split("-")[0].split(".")[:2])


def document(rows):
    others = [row.why for row in rows.values() if not row.tests]
    clients = sum(why.startswith("client") for why in others)
    text = HEAD + (f"{len(rows)} rows; {len(rows) - len(others)} kept by tests, the others "
                   f"explained: {clients} bind only clients, {len(others) - clients} were "
                   f"decided.\n")
    last = None
    for row in rows.values():
        if chapter(row.number) != last:
            last = chapter(row.number)
            text += f"\n## {last}\n\n| statement | in a few words | kept by |\n|---|---|---|\n"
        name = row.number if "/" in row.number else f"MQTT-{row.number}"
        kept_by = ", ".join(f"`{test}`" for test in row.tests)
        if row.why:
            kept_by = f"{kept_by}; {row.why}" if kept_by else row.why
        text += f"| {name} | {row.words} | {kept_by} |\n"
    return text


def main():
    rows = statements()
    wrong = fill(rows)
    text = document(rows)
    if "--check" in sys.argv[1:]:
        with open(DOCUMENT, encoding="utf-8") as file:
            if file.read() != text:
                wrong.append("docs/conformance.md is not what tests/conformance/table.py writes")
    else:
        with open(DOCUMENT, "w", encoding="utf-8") as file:
            file.write(text)
    for problem in wrong:
        print(problem)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
