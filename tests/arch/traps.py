#!/usr/bin/env python3
"""Finds the traps of this toolchain that can be seen in the text; docs/common-errors.md explains each.

usage: traps.py ROOT     exit status 1 and one line a breach when one is found"""
import re
import sys

import tree

AWAIT = re.compile(r"\bco_await\b")
COROUTINE = re.compile(r"\bco_(?:await|return|yield)\b")
LAMBDA_HEAD = re.compile(r"\][ \n]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?[^;{}()=]*$")
# Not an attribute ([[...]]), not a subscript (something[...]).
CAPTURES = re.compile(r"(?<![\w)\]\[])\[(?!\[)(?P<list>[^\[\]]*)\](?!\])")
# At the left margin, since namespaces are not indented: a variable whose initializer writes itself into a table,
# or whose type exists to do so.
QUALIFIERS = r"^(?:\[\[maybe_unused\]\] |static |inline |const )*"
REGISTERS_BY_CALL = re.compile(
    QUALIFIERS + r"(?!class |struct |union |enum |namespace )[\w:<>]+ (?P<name>\w+) ?(?:= ?|\{)[^;{}]*\b(?:\w*[Rr]egist(?:er|rar)\w*|add|insert|emplace(?:_back)?|push_back)\(",
    re.M)
REGISTERS_BY_TYPE = re.compile(
    QUALIFIERS + r"(?!class |struct |using |enum )[\w:<>]*Regist(?:er|rar|ration)\b[\w:<>]* (?P<name>\w+) ?[;{(=][^\n]*;$", re.M)
CONSTRUCTOR_ATTRIBUTE = re.compile(r"\bgnu::constructor\b|__attribute__\(\(constructor")


def closing(code, start):
    """The offset of the bracket that closes the one at `start`."""
    pairs, depth = {"(": ")", "{": "}", "[": "]"}, []
    for offset in range(start, len(code)):
        char = code[offset]
        if char in pairs:
            depth.append(pairs[char])
        elif depth and char == depth[-1]:
            depth.pop()
            if not depth:
                return offset
    return len(code)


def braces_in_await(source):
    """g++ 12 destroys an aggregate temporary inside a co_await expression twice."""
    code, breaches = source.code, []
    for match in AWAIT.finditer(code):
        offset, depth = match.end(), 0
        while offset < len(code):
            char = code[offset]
            if char == ";" and depth == 0:
                break
            if char in "([":
                depth += 1
            elif char in ")]":
                depth -= 1
                if depth < 0:
                    break
            elif char == "{":
                if not LAMBDA_HEAD.search(code, match.end(), offset):
                    breaches.append(source.breach(offset, "braces inside a co_await expression: "
                                                  "name the object first, then std::move it in"))
                offset = closing(code, offset)
            offset += 1
    return breaches


def capturing_coroutines(source):
    """The frame of a lambda coroutine keeps a pointer to the closure, not its captures."""
    code, breaches = source.code, []
    for match in CAPTURES.finditer(code):
        if not match.group("list").strip():
            continue
        head = re.compile(r"\s*(?:<[^;{}]*?>)?\s*").match(code, match.end()).end()
        if head < len(code) and code[head] == "(":
            head = closing(code, head) + 1
        brace = re.compile(r"[^;{}(),]*(?:\([^()]*\)[^;{}(),]*)*\{").match(code, head)
        if not brace:
            continue
        body = code[brace.end():closing(code, brace.end() - 1)]
        if COROUTINE.search(_without_inner_lambdas(body)):
            breaches.append(source.breach(match.start(), "a capturing lambda that is a coroutine: its captures die with "
                                          "the closure; use a function with parameters"))
    return breaches


def _without_inner_lambdas(body):
    """An inner lambda that awaits is judged by itself; it does not make the outer one a coroutine."""
    offset = 0
    while match := CAPTURES.search(body, offset):
        brace = re.compile(r"\s*(?:\([^()]*\))?[^;{}(),]*\{").match(body, match.end())
        offset = match.end()
        if brace:
            end = closing(body, brace.end() - 1)
            body = body[:brace.end()] + body[end:]
    return body


def self_registering(source):
    """The linker drops an object file of a static library that nothing refers to, with its statics."""
    breaches = [source.breach(match.start(), "runs before main: write an explicit table instead")
                for match in CONSTRUCTOR_ATTRIBUTE.finditer(source.code)]
    for pattern in (REGISTERS_BY_CALL, REGISTERS_BY_TYPE):
        breaches += [source.breach(match.start(), f"'{match.group('name')}' registers itself: a static library loses it; "
                                   "write an explicit table") for match in pattern.finditer(source.code)]
    return breaches


FOR = re.compile(r"\bfor \(")
# What follows a value in an expression. Those that hand out a reference into it leave nothing that keeps it alive.
POSTFIX = re.compile(r"\s*(?:(?P<into>(?:\.|->)\s*(?:value|at|front|back|get)(?=\()|(?=\[))|(?P<call>(?:(?:\.|->)\s*)?[\w:]*(?:<[\w:, ]*>)?(?=\())"
                     r"|(?P<arrow>->\s*\w+)|(?P<member>\.\s*\w+))")


def dies_before_the_loop(expression):
    """Whether it is a part of what a call has returned, by way of a reference: f(x).value().items, (*f(x)).items, f(x)["items"]."""
    offset = re.compile(r"[\s(*]*(?:[\w:]+(?=[.\->\[]))?").match(expression).end()
    through = "*" in expression[:offset]
    returned = False
    while match := POSTFIX.match(expression, offset):
        offset = match.end()
        if match.group("into") is not None:
            if returned:
                return True
            offset = closing(expression, offset) + 1
        elif match.group("call") is not None:
            offset, returned = closing(expression, offset) + 1, True
            if through and re.compile(r"\)+\s*(?:\.|->|\[)").match(expression, offset):
                return True
            if expression[offset:offset + 2] == "->":
                return True
        if offset >= len(expression) or match.end() == match.start() and match.group("into") is None:
            break
    return False


# `*store.unsent(9)`: a reference into the Result or the optional that the call has returned.
DEREFERENCED_CALL = re.compile(r"\s*\*\s*\w+(?:(?:\.|->|::)\w+)*\s*\([^()]*\)\s*$")


def ranges_over_temporaries(source):
    """g++ 12 does not yet keep every temporary of a range alive until the loop has ended, as C++23 says."""
    code, breaches = source.code, []
    for match in FOR.finditer(code):
        header = code[match.end():closing(code, match.end() - 1)]
        colon = re.compile(r"(?<!:):(?!:)").search(header)
        if ";" in header or not colon:
            continue
        expression = header[colon.end():]
        if dies_before_the_loop(expression) or DEREFERENCED_CALL.match(expression):
            breaches.append(source.breach(match.start(), "the range is a part of what a call has returned, and that is gone before "
                                          "the first turn: give it a name first"))
    return breaches


def over_sources(rule):
    return lambda sources: [breach for source in tree.cxx(sources) for breach in rule(source)]


RULES = {
    "co_await_braces": over_sources(braces_in_await),
    "capturing_coroutines": over_sources(capturing_coroutines),
    "self_registering": over_sources(self_registering),
    "range_temporaries": over_sources(ranges_over_temporaries),
}

if __name__ == "__main__":
    import house
    sys.exit(house.run(RULES, sys.argv[1:]))
