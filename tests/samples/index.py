"""The folder of samples: what its INDEX.md says of each file."""
import dataclasses
import pathlib
import re

FAMILIES = ("storcli", "perccli", "storcli2")


@dataclasses.dataclass
class Sample:
    path: pathlib.Path
    command: str  # "/c0 show all J"
    content: str  # "valid JSON; 1 ctl; Success", "NOT JSON; Failure"
    notes: str

    @property
    def is_json(self):
        return self.content.startswith("valid JSON")

    @property
    def is_captured(self):
        return self.notes.startswith("captured")

    @property
    def is_newer(self):
        return self.path.parent.name == "storcli2" or self.path.name.startswith("perccli2")

    @property
    def statuses(self):
        """{"Success"}, {"Failure", "Success"}, or nothing where the file has none."""
        return {word for word in re.findall(r"Success|Failure", self.content)}

    @property
    def question(self):
        """The command without numbers: "/c/e/s show all"."""
        words = re.sub(r"\(.*", "", self.command).split()
        words = [word for word in words if word.lower() not in ("j", "nolog")]
        text = re.sub(r" (?=/)", "", " ".join(words))
        return re.sub(r"(?<=/[cevsf])(?:\d+|all|N)", "", text, flags=re.I)


def read(folder):
    found = []
    family = None
    for line in (folder / "INDEX.md").read_text().splitlines():
        if heading := re.match(r"## (\w+)/", line):
            family = heading.group(1)
        row = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if family not in FAMILIES or len(row) < 9 or row[0] in ("file",) or row[0].startswith("---"):
            continue
        path = folder / family / row[0]
        if path.is_file():
            found.append(Sample(path, row[1].strip("`").partition(" ")[2], row[5], row[8]))
    return found
