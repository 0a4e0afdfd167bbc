"""What the rules read: the files of a source tree, and C++ text with comments and literals blanked."""
import dataclasses
import functools
import pathlib
import re

SKIPPED = {".git", "build", ".cache", "__pycache__"}
CXX = (".cpp", ".hpp")
TEXT = {".cpp", ".hpp", ".c", ".h", ".py", ".sh", ".cmake", ".txt", ".md", ".json", ".toml", ".yaml", ".yml",
        ".in", ".service", ".socket", ".conf", ".bash", ".preset", ".1", ".5", ".7", ".8", ""}


@dataclasses.dataclass(frozen=True)
class Breach:
    """One broken rule: where it is and what to do about it."""
    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}"


@dataclasses.dataclass(frozen=True)
class Source:
    path: str  # from the root, with slashes
    text: str

    @functools.cached_property
    def code(self):
        """The text with comments, string and character literals blanked; offsets and lines are kept."""
        return LITERAL.sub(_blank, self.text)

    def line_at(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def breach(self, offset, message):
        return Breach(self.path, self.line_at(offset), message)


LITERAL = re.compile(
    r'R"(?P<fence>[^()\s\\]{0,16})\(.*?\)(?P=fence)"'  # raw strings first: they may hold anything
    r"|//[^\n]*|/\*.*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-zA-Z_])'(?:\\.|[^'\\\n])+'",  # not the separators of 1'000
    re.S)


def _blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def files(root):
    """Every text file of the tree, sorted; what builds and tools leave behind is not part of it."""
    root = pathlib.Path(root)

    def walk(folder):
        for entry in sorted(folder.iterdir()):
            if entry.name in SKIPPED or entry.is_symlink():
                continue
            if entry.is_dir():
                yield from walk(entry)
            elif entry.suffix in TEXT:
                try:
                    yield Source(entry.relative_to(root).as_posix(), entry.read_text())
                except UnicodeDecodeError:
                    continue  # a corpus file or an image, not something people write

    return list(walk(root))


def cxx(sources):
    return [source for source in sources if source.path.endswith(CXX)]
