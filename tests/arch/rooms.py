#!/usr/bin/env python3
"""Holds every #include against the room(...) lines of CMakeLists.txt, which alone say who may use whom.

usage: rooms.py ROOT     exit status 1 and one line a breach when a rule is broken"""
import re
import sys

import tree

ROOM_LINE = re.compile(r"^room\(([^)]*)\)", re.M)
PROGRAM_LINE = re.compile(r"^target_link_libraries\(\s*(\S+)\s+PRIVATE\s+([^)]*)\)", re.M)
QUOTED = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.M)
ANGLED = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<([^>\n]+)>", re.M)

# The agent's alone: a room outside it stays plain, synchronous and quick to compile.
AGENTS_OWN = re.compile(r"^(boost/|nlohmann/|spdlog/|fmt/|sqlite3\.h|CLI/|toml\+\+/|openssl/ssl)")
# But for a room that must read JSON and says so in its line.
JSON_LIBRARY, JSON_HEADERS = "nlohmann_json::nlohmann_json", "nlohmann/"
# Headers that make every includer pay: io in any header, the whole of nlohmann where json_fwd.hpp would do.
IO_HEADER = re.compile(r"^boost/(asio|beast)")
WHOLE_JSON = "nlohmann/json.hpp"
# Internal headers that are made of JSON values; nothing outside their room includes them.
MAY_BE_JSON = {
    "agent/engine/json.hpp",  # how the engine's documents are written down
    "agent/vendor/model.hpp",  # how a vendor's answers are
    "agent/cli/fields.hpp",   # reads members out of an answer
}


def read_rooms(cmake):
    """{room: set of rooms it may use}, in the order of declaration, from the text of CMakeLists.txt."""
    rooms = {}
    for match in ROOM_LINE.finditer(re.sub(r"#[^\n]*", "", cmake)):
        words = match.group(1).split()
        uses = words[1:words.index("LIBS")] if "LIBS" in words else words[1:]
        rooms[words[0]] = set(uses)
    return rooms


def room_of(path, rooms):
    """The innermost room that holds this path; None outside of all."""
    inside = [room for room in rooms if path.startswith(room + "/")]
    return max(inside, key=len, default=None)


def json_rooms(cmake):
    """The rooms whose line in CMakeLists.txt links the JSON library."""
    lines = (match.group(1).split() for match in ROOM_LINE.finditer(re.sub(r"#[^\n]*", "", cmake)))
    return {words[0] for words in lines if JSON_LIBRARY in words}


def programs(sources, rooms):
    """{folder: rooms} of programs that are no room but have a CMakeLists.txt of their own (agent/runner)."""
    named = {room.replace("/", "_"): room for room in rooms}
    found = {}
    for source in sources:
        folder, _, name = source.path.rpartition("/")
        if name != "CMakeLists.txt" or not folder or folder.startswith("tests"):
            continue
        for match in PROGRAM_LINE.finditer(source.text):
            if not match.group(1).endswith("_test"):
                found.setdefault(folder, set()).update(named[word] for word in match.group(2).split() if word in named)
    for folder in list(found):
        for room in list(found[folder]):  # a program has what the room it links hands on
            found[folder] |= rooms[room]
    return found


def check_declarations(cmake):
    """A room may only use rooms declared above it, which keeps the graph without cycles."""
    seen, breaches = set(), []
    for room, uses in read_rooms(cmake.text).items():
        line = cmake.text.find("room(" + room)
        breaches += [cmake.breach(line, f"room {room} uses {used}, which is not declared above it")
                     for used in sorted(uses - seen)]
        seen.add(room)
    return breaches


def check_includes(sources):
    """Every quoted include of a room's files names a file of that room or of a room on its list."""
    cmake = next(source for source in sources if source.path == "CMakeLists.txt")
    rooms = read_rooms(cmake.text)
    with_json = json_rooms(cmake.text)
    outside = programs(sources, rooms)
    paths = {source.path for source in sources}
    breaches = check_declarations(cmake)
    for source in tree.cxx(sources):
        if source.path.startswith("tests/"):
            continue
        here = room_of(source.path, rooms)
        folder = source.path.rpartition("/")[0]
        if here is None and folder in outside:
            here, allowed = folder, outside[folder]
        elif here is None:
            breaches.append(source.breach(0, "belongs to no room; give its folder a room(...) line in CMakeLists.txt"))
            continue
        else:
            allowed = rooms[here]
        for match in QUOTED.finditer(source.text):
            included = match.group(1)
            there = room_of(included, rooms)
            if there is None and included.rpartition("/")[0] == here:
                there = here
            if included not in paths:
                breaches.append(source.breach(match.start(), f'"{included}" is no file from the root of the tree'))
            elif there != here and there not in allowed:
                breaches.append(source.breach(match.start(), f'{here} may not include "{included}": '
                                              f"it may use {' '.join(sorted(allowed)) or 'nothing'} (CMakeLists.txt)"))
        for match in ANGLED.finditer(source.text):
            if match.group(1) in paths:
                breaches.append(source.breach(match.start(), f'<{match.group(1)}> is ours: include it in quotes'))
            elif match.group(1).startswith(JSON_HEADERS) and here in with_json:
                continue
            elif AGENTS_OWN.match(match.group(1)) and not source.path.startswith("agent/"):
                breaches.append(source.breach(match.start(), f"<{match.group(1)}> belongs to agent/ alone"))
    return breaches


def check_headers(sources):
    """No Asio, Beast or whole JSON in a header: one includer would make all of them slow to compile."""
    breaches = []
    for source in tree.cxx(sources):
        if source.path.startswith("tests/") or not source.path.endswith(".hpp"):
            continue
        for match in ANGLED.finditer(source.text):
            included = match.group(1)
            if IO_HEADER.match(included):
                breaches.append(source.breach(match.start(), f"<{included}> in a header: keep it in the .cpp, "
                                              "behind a std::unique_ptr to a struct declared here"))
            elif included == WHOLE_JSON and source.path not in MAY_BE_JSON:
                breaches.append(source.breach(match.start(), "<nlohmann/json.hpp> in a header: json_fwd.hpp is enough"))
    for source in tree.cxx(sources):
        for match in QUOTED.finditer(source.text):
            if match.group(1) in MAY_BE_JSON and source.path.endswith(".hpp") \
                    and source.path.rpartition("/")[0] != match.group(1).rpartition("/")[0]:
                breaches.append(source.breach(match.start(), f'"{match.group(1)}" is internal to its room'))
    return breaches


RULES = {"rooms": check_includes, "headers": check_headers}

if __name__ == "__main__":
    import house
    sys.exit(house.run(RULES, sys.argv[1:]))
