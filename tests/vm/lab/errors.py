"""What the lab raises: one family, so that a test can tell a broken lab from a broken agent."""


class LabError(Exception):
    """The lab itself could not do what it was asked; the text says what to look at."""


class CommandFailed(LabError):
    """A command in the guest ended with another status than 0."""

    def __init__(self, command, result):
        tail = "\n".join(part.rstrip() for part in (result.out[-4000:], result.err[-4000:]) if part.strip())
        reason = "was killed after its time limit" if result.timed_out else f"ended with status {result.status}"
        super().__init__(f"in the guest, {command!r} {reason}\n{tail}")
        self.command = command
        self.result = result
