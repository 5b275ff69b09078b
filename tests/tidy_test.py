"""Enforces the house style: arrows between rooms, what minds may not touch, sizes.

Run without arguments it first proves on planted bad files that each rule can fail, then checks
the repository and prints sizes for a person to look at. Exit status 1 if anything is wrong.
"""

import os
import re
import statistics
import sys
import tempfile

FILE_LINES, FUNCTION_LINES, COLUMNS = 600, 70, 100
MINDS = ("broker", "global", "query", "control")
SOURCES = (".cpp", ".hpp")
CODE = SOURCES + (".py", ".cmake")
SKIPPED = {"build", ".git", ".cache", "__pycache__", "corpus", "results", "muster-data"}

CLOCK_AND_CHANCE = ("<random>", "<ctime>", "<time.h>", "<sys/time.h>")
THREADS = ("<thread>", "<mutex>", "<shared_mutex>", "<condition_variable>", "<future>", "<atomic>",
           "<semaphore>", "<latch>", "<barrier>", "<stop_token>", "<pthread.h>")
KERNEL = ("<sys/", "<netinet/", "<arpa/", "<unistd.h>", "<fcntl.h>", "<poll.h>", "<signal.h>",
          "<csignal>", "<netdb.h>", "<net/")
FILES = ("<fstream>", "<filesystem>", "<cstdio>", "<stdio.h>", "<iostream>")
FOREIGN = {  # heavy headers: only in .cpp files, only in these rooms
    "<zmq": ("core/net",),
    "<leveldb/": ("core/store",),
    "<msgpack": ("core/wire",),
    "<toml++/": ("app",),
    "<CLI/": ("app", "clients"),
    "<mqtt/": ("clients",),
    "<MQTT": ("clients",),
    "<spdlog/": ("core/base", "core/host", "app"),
    "<nlohmann/": ("app", "clients", "control", "broker", "core/wire"),
    "<openssl/": ("core/net",),
}
SOCKETS = ("<sys/socket.h>", "<sys/epoll.h>", "<netinet/", "<arpa/", "<netdb.h>")


def strip(text):
    """The text with comments, strings and characters blanked; lines stay where they are."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^(\s]*)\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'", re.S)

    def blank(match):
        kept = '""' if match.group(0)[0] in "\"R" else " "
        return kept + "\n" * match.group(0).count("\n")

    return pattern.sub(blank, text)


def block_kind(header):
    """What the block after this text is: 'function', 'scope' (namespace, class) or 'value'."""
    flat = header
    while True:
        shorter = re.sub(r"\([^()]*\)", "~", flat)
        if shorter == flat:
            break
        flat = shorter
    if "(" in flat or re.search(r"=\s*\w*\s*$", flat):
        return "value"
    if "~" not in flat or re.search(r"^\s*(inline\s+)?namespace\b", flat):
        return "scope"
    if re.search(r"~[^:]*:(?!:).*[\w>]\s*$", flat, re.S):
        return "value"  # a member in a constructor's initializer list
    if re.search(r"(?<![=!<>])=(?!=)", re.sub(r"operator\S*", "", flat)):
        return "value"
    return "function"


def functions(text):
    """(first line, length) of every function body found by counting braces."""
    found, stack, header, header_line, line = [], [], "", 1, 1
    inside = None  # (depth, first line) of the function we are in
    for char in strip(re.sub(r"(?m)^\s*#.*(?:\\\n.*)*$", "", text)):
        if char == "\n":
            line += 1
        if inside:
            if char == "{":
                stack.append("inner")
            elif char == "}":
                stack.pop()
                if len(stack) == inside[0]:
                    found.append((inside[1], line - inside[1] + 1))
                    inside, header = None, ""
            continue
        if char == "{":
            kind = block_kind(header)
            if kind == "function":
                inside = (len(stack), header_line)
            stack.append((kind, header))
            if kind == "scope":
                header = ""
        elif char == "}" and stack:
            kind, before = stack.pop()
            header = before + "~" if kind == "value" else ""
        elif char == ";" and not (stack and stack[-1][0] == "value"):
            header = ""
        else:
            if not header.strip():
                header_line = line
            header += char
    return found


class Tidy:
    def __init__(self, root):
        self.root = root
        self.problems = []
        self.file_sizes = []
        self.function_sizes = []
        self.arrows = self.read_arrows()

    def complain(self, path, line, what):
        self.problems.append(f"{path}:{line}: {what}")

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
            return file.read()

    def paths(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(f for f in folders if f not in SKIPPED)
            for name in sorted(names):
                yield os.path.relpath(os.path.join(folder, name), self.root)

    def read_arrows(self):
        """The rooms and the rooms below them, from the one place that states them."""
        text = re.sub(r"#[^\n]*", "", self.read("CMakeLists.txt"))
        arrows = {}
        for call in re.findall(r"muster_room\(([^)]*)\)", text):
            words = call.split()
            room, below = words[0], set()
            if "DEPENDS" in words:
                for word in words[words.index("DEPENDS") + 1:]:
                    if word.isupper():
                        break
                    below.add(word)
            for other in sorted(below):
                if other not in arrows:
                    self.complain("CMakeLists.txt", 1, f"{room} depends upwards on {other}")
                if room in MINDS and other in MINDS:
                    self.complain("CMakeLists.txt", 1, f"mind {room} knows mind {other}")
                if room.startswith("core/") and not other.startswith("core/"):
                    self.complain("CMakeLists.txt", 1, f"{room} depends on {other}")
            arrows[room] = below | {room}
        return arrows

    def room_of(self, path):
        rooms = [room for room in self.arrows if path.startswith(room + "/")]
        return max(rooms, key=len) if rooms else None

    def check_include(self, path, line, name):
        room = self.room_of(path)
        if name.startswith('"'):
            target = name.strip('"')
            if not os.path.exists(os.path.join(self.root, target)):
                self.complain(path, line, f"include {name} is not a path from the root")
            other = self.room_of(target)
            if room and other and other not in self.arrows[room]:
                self.complain(path, line, f"{room} may not include {other}")
            if room and target.split("/")[0] in ("tests", "bench"):
                self.complain(path, line, f"{room} may not include tests")
        if room is None:
            return
        for prefix, rooms in FOREIGN.items():
            if name.startswith(prefix):
                if path.endswith(".hpp"):
                    self.complain(path, line, f"heavy header {name} outside a .cpp file")
                if room not in rooms:
                    self.complain(path, line, f"{name} does not belong into {room}")
        if name.startswith(SOCKETS) and room not in ("core/net", "app"):
            self.complain(path, line, f"only core/net touches sockets: {name}")
        self.check_pure_include(path, line, name, room)

    def is_pure(self, path):
        """Minds and the rooms they are made of: no clock, chance, file, thread, lock, socket."""
        room = self.room_of(path)
        if room in MINDS:
            return not os.path.basename(path).startswith("host")
        return room in ("core/mqtt", "core/wire")

    def check_pure_include(self, path, line, name, room):
        if room == "core/base" and name.startswith(CLOCK_AND_CHANCE + KERNEL):
            self.complain(path, line, f"core/base may not touch {name}")
        if not self.is_pure(path):
            return
        if name.startswith(('"core/host/', '"core/net/')):
            self.complain(path, line, f"only files named host* may include {name}")
        if name.startswith(CLOCK_AND_CHANCE + THREADS + KERNEL + FILES):
            self.complain(path, line, f"a mind may not touch {name}")
        if re.match(rf'"{room}/host', name):
            self.complain(path, line, f"a mind may not know its host: {name}")

    def check_source(self, path, text):
        code = strip(text)
        for number, line in enumerate(text.splitlines(), 1):
            include = re.match(r'\s*#\s*include\s+(["<][^">]+[">])', line)
            if include:
                self.check_include(path, number, include.group(1))
        for number, line in enumerate(code.splitlines(), 1):
            self.check_line(path, number, line)
        for first, length in functions(text):
            self.function_sizes.append((length, f"{path}:{first}"))
            if length > FUNCTION_LINES:
                self.complain(path, first, f"function of {length} lines, limit {FUNCTION_LINES}")
        if path.endswith(".hpp"):
            lines = [line for line in text.splitlines() if line.strip()][:3]
            if "#pragma once" not in lines:
                self.complain(path, 1, "header without #pragma once at its top")
            if not any(line.startswith("//") for line in lines):
                self.complain(path, 1, "header without an opening comment")

    def check_line(self, path, number, line):
        if self.room_of(path) is None:
            return
        define = re.match(r"\s*#\s*define\s+(\w+)", line)
        if define and define.group(1) != "MUSTER_CHECK":
            self.complain(path, number, f"macro {define.group(1)}")
        if re.match(r"\s*#\s*(if|ifdef|ifndef)\b", line) and "__SANITIZE" not in line.upper():
            self.complain(path, number, "conditional compilation")
        if self.is_pure(path):
            if re.search(r"::now\(\)|\b(rand|random|getenv|time)\(\s*(nullptr|NULL|0)?\s*\)", line):
                self.complain(path, number, "a mind reads no clock and draws no random number")
            if re.search(r"\b(unordered_)?(multi)?(map|set)<\s*(const\s+)?[\w:]+(\s+const)?\s*\*",
                         line):
                self.complain(path, number, "keyed by pointer: its order is not deterministic")

    def check_text(self, path, text):
        """Rules for every file that people read."""
        if path != os.path.join("tests", "tidy_test.py"):
            for number, line in enumerate(text.splitlines(), 1):
                if re.search(r"\b(TODO|FIXME|XXX)\b", line):
                    self.complain(path, number, "unfinished work is not kept in comments")
                if re.search(r"(?<![\w.])/work(/|\b(?!-))|/tmp/wt", line):
                    self.complain(path, number, "path of somebody's workplace")
        if path.endswith(CODE):
            lines = text.splitlines()
            self.file_sizes.append((len(lines), path))
            if len(lines) > FILE_LINES:
                self.complain(path, 1, f"file of {len(lines)} lines, limit {FILE_LINES}")
            for number, line in enumerate(lines, 1):
                if len(line) > COLUMNS:
                    self.complain(path, number, f"{len(line)} columns, limit {COLUMNS}")

    def run(self):
        kinds = CODE + (".md", ".txt", ".json", ".toml", ".sh", ".supp")
        for path in self.paths():
            if path.endswith(kinds) or path.startswith("scripts" + os.sep):
                text = self.read(path)
                self.check_text(path, text)
                if path.endswith(SOURCES):
                    self.check_source(path, text)
        return self.problems

    def print_sizes(self):
        for what, sizes in (("files", self.file_sizes), ("functions", self.function_sizes)):
            if len(sizes) < 2:
                continue
            lengths = sorted(length for length, _ in sizes)
            median, p90 = statistics.median(lengths), lengths[len(lengths) * 9 // 10]
            print(f"{len(sizes)} {what}, {sum(lengths)} lines; median {median:.0f}, p90 {p90}; "
                  "the largest:")
            for length, where in sorted(sizes, reverse=True)[:8]:
                print(f"  {length:5} {where}")


# --- the proof that each rule can fail -----------------------------------------------------------

ROOMS = """muster_room(core/base) muster_room(core/mqtt DEPENDS core/base)
muster_room(core/net DEPENDS core/base) muster_room(core/host DEPENDS core/base core/net)
muster_room(broker DEPENDS core/base core/mqtt core/net core/host LIBRARIES x)
muster_room(global DEPENDS core/base core/host)"""
HEADER = "#pragma once\n// What it is.\n"
LONG = "int a() {\n" + "  b();\n" * 69 + "}\n"

GOOD = {
    "core/base/ids.hpp": HEADER,
    "core/net/loop.hpp": HEADER + "#include <sys/epoll.h>\n",
    "broker/host.cpp": '#include "core/net/loop.hpp"\n#include <thread>\nauto n = Clock::now();\n',
    "broker/session.cpp": 'int f(int a = 0) {\n  return a;\n}\n// see std::clock::now()\n',
    "broker/table.cpp": "const int rows[] = {\n" + "  1,\n" * 90 + "};\n",
    "broker/ctor.cpp": "A::A(int x) : b_{x}, c_(x), d_{1} {\n" + "  b();\n" * 60 + "}\n",
    "docs/page.md": "x" * 300 + " the /workers page\n",
}
BAD = [  # path, text, what must be said about it
    ("core/base/a.cpp", '#include "broker/b.hpp"\n', "core/base may not include broker"),
    ("broker/a.cpp", '#include "global/b.hpp"\n', "broker may not include global"),
    ("broker/a.cpp", '#include "../nowhere.hpp"\n', "not a path from the root"),
    ("broker/a.cpp", '#include "core/net/loop.hpp"\n', "only files named host*"),
    ("broker/a.cpp", '#include "broker/host.hpp"\n', "may not know its host"),
    ("broker/a.cpp", "#include <mutex>\n", "may not touch <mutex>"),
    ("core/mqtt/a.cpp", "#include <sys/socket.h>\n", "only core/net touches sockets"),
    ("core/base/a.cpp", "#include <random>\n", "core/base may not touch"),
    ("broker/a.cpp", "auto now = std::chrono::steady_clock::now();\n", "reads no clock"),
    ("broker/a.cpp", "std::unordered_map<Session*, int> all;\n", "not deterministic"),
    ("broker/a.cpp", "#include <leveldb/db.h>\n", "does not belong into broker"),
    ("core/net/a.hpp", HEADER + "#include <zmq.hpp>\n", "outside a .cpp file"),
    ("broker/a.cpp", "#define FAST 1\n", "macro FAST"),
    ("broker/a.cpp", "#ifdef FAST\n", "conditional compilation"),
    ("broker/a.hpp", "// What it is.\n", "without #pragma once"),
    ("broker/a.hpp", "#pragma once\nint a();\n", "without an opening comment"),
    ("broker/a.cpp", LONG, "function of 71 lines"),
    ("broker/a.cpp", "A::A(int x) : b_{x}, c_{\"}\"} {\n" + "b();\n" * 80 + "}\n", "of 82 lines"),
    ("broker/a.cpp", "namespace b {\nclass C {\n" + LONG + "};\n}\n", "function of 71 lines"),
    ("tests/a_test.cpp", "TEST(A, B) {\n" + "  b();\n" * 80 + "}\n", "function of 82 lines"),
    ("broker/a.cpp", "\n" * 601, "file of 601 lines"),
    ("broker/a.cpp", "// " + "x" * 98 + "\n", "101 columns"),
    ("broker/a.cpp", "// TODO: later\n", "unfinished work"),
    ("docs/a.md", "see /work/notes\n", "somebody's workplace"),
    ("CMakeLists.txt", ROOMS + "\nmuster_room(query DEPENDS global)", "mind query knows mind"),
    ("CMakeLists.txt", "muster_room(core/base DEPENDS broker)", "depends upwards"),
]


def problems_of(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return Tidy(root).run()


def prove():
    ground = {"CMakeLists.txt": ROOMS, "broker/b.hpp": HEADER, "global/b.hpp": HEADER,
              "broker/host.hpp": HEADER, **GOOD}
    wrong = [f"complains about good files: {problem}" for problem in problems_of(ground)]
    for path, text, expected in BAD:
        problems = problems_of({**ground, path: text})
        if not any(problem.startswith(path) and expected in problem for problem in problems):
            wrong.append(f"does not see '{expected}' in {path}: {problems}")
    return wrong


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    wrong = prove()
    for line in wrong:
        print("tidy_test itself:", line)
    tidy = Tidy(root)
    problems = tidy.run()
    for problem in problems:
        print(problem)
    tidy.print_sizes()
    print(f"{len(problems)} problems; {len(BAD) - len(wrong)} of {len(BAD)} planted ones seen")
    return 1 if problems or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
