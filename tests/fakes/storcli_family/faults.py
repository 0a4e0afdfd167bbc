"""Scripted misbehaviour. A fault in the state file: {"match": REGEX, "do": NAME, "value": ..., "times": N}.

`match` is searched in the command line ("/c0 add vd r1 ... J nolog"); without `times` it holds for ever. NAME is one of
the functions below that take an answer and give another, or:
  hang        never answers; neither does a child of it that holds stdout
  half        does what was asked, then dies without an answer
  nothing     answers as if all went well, and does nothing
  exit        answers, with the exit status `value`
"""
import re


def due(state, line):
    """The first fault for this command; counts it."""
    for fault in state["faults"]:
        if re.search(fault["match"], line) and fault.get("times", 1) > 0:
            if "times" in fault:
                fault["times"] -= 1
            return fault
    return None


def garbage(_text, value):
    import random  # each call of the tool is a start of Python, which takes a second where it is emulated

    return bytes(random.Random(value or 1).randrange(256) for _ in range(4096))


def truncate(text, _value):
    return text[: len(text) // 2].encode()


def text(_text, value):
    """Text where JSON was asked for: `value` follows the head of an answer."""
    return f"CLI Version = 007.0\nController = 0\nStatus = Success\nDescription = None\n\n{value or 'Model = X'}\n".encode()


def preamble(text_, _value):
    return b"Generating detailed summary of the adapter, it may take a while to complete.\n\n" + text_.encode()


def control_bytes(text_, _value):
    return text_.encode().replace(b"FAKEDISK", b"FAKE\x12\x02DISK")


def no_key(text_, value):
    """Leaves out every line of the JSON that has this key."""
    lines = [line for line in text_.split("\n") if not re.match(rf'\s*"{re.escape(value)}": [^\[{{]*$', line)]
    return re.sub(r",(\s*[\]}])", r"\1", "\n".join(lines)).encode()


SPOIL = {"garbage": garbage, "truncate": truncate, "text": text, "preamble": preamble, "control-bytes": control_bytes,
         "no-key": no_key}


def fail_controller(parts, value):
    """One controller of several answers with a failure and no data."""
    part = parts[value]
    status = part["Command Status"]
    status["Status"] = "Failure"
    status["Detailed Status"] = [{"Ctrl": value, "Status": "Failed", "ErrCd": 61, "ErrMsg": "unsupported hardware"}]
    part.pop("Response Data", None)


def fail_drive(parts, value):
    """A failure because of one drive; the data of the others follow, and the exit status is its code."""
    for part in parts:
        status = part["Command Status"]
        status["Status"], status["Description"] = "Failure", "Show Drive Information Failed."
        status["Detailed Status"] = [{"Drive": value, "Status": "Failure", "ErrCd": 46, "ErrMsg": "-"}]


PARTLY = {"fail-controller": fail_controller, "fail-drive": fail_drive}
