"""One measured row: the value, the floor that physics sets, a peer, and the bar that the value is held to."""
import dataclasses
import statistics


@dataclasses.dataclass
class Row:
    name: str
    value: float
    unit: str
    floor: float | None = None
    peer: float | None = None
    # What is promised, as ("peer" or "floor", "<=" or ">=", ratio), or ("value", "<=" or ">=", value); None: measured, not promised.
    bar: tuple | None = None
    note: str = ""

    @property
    def to_floor(self):
        return self.value / self.floor if self.floor else None

    @property
    def to_peer(self):
        return self.value / self.peer if self.peer else None

    @property
    def met(self):
        """Whether the bar holds; None without one."""
        if self.bar is None:
            return None
        against, relation, bound = self.bar
        ratio = {"peer": self.to_peer, "floor": self.to_floor, "value": self.value}[against]
        if ratio is None:
            return False  # a bar without its measure is not met
        return ratio <= bound if relation == "<=" else ratio >= bound

    def as_json(self):
        def rounded(number):
            return None if number is None else float(f"{number:.4g}")

        return {"name": self.name, "value": rounded(self.value), "unit": self.unit, "floor": rounded(self.floor),
                "peer": rounded(self.peer), "ratioToFloor": rounded(self.to_floor), "ratioToPeer": rounded(self.to_peer)}


def interleaved(runs, **measures):
    """{name: median} of each measure, called in turns `runs` times after one turn that only warms up."""
    if runs < 5:
        raise ValueError("a median needs at least 5 runs")
    samples = {name: [] for name in measures}
    for turn in range(runs + 1):
        for name, measure in measures.items():
            sample = measure()
            if turn:
                samples[name].append(sample)
    return {name: statistics.median(values) for name, values in samples.items()}


def table(rows):
    """The rows for people, each with its bar and verdict."""
    def number(value):
        return "-" if value is None else f"{value:.4g}"

    cells = [("name", "value", "unit", "floor", "peer", "/floor", "/peer", "verdict")]
    for row in rows:
        verdict = ""
        if row.bar:
            against, relation, bound = row.bar
            bar = f"{relation} {bound} {row.unit}" if against == "value" else f"{relation} {bound:.4g} x {against}"
            verdict = f"{'met' if row.met else 'MISSED'} (bar {bar})"
        cells.append((row.name, number(row.value), row.unit, number(row.floor), number(row.peer), number(row.to_floor),
                      number(row.to_peer), " ".join(filter(None, (verdict, row.note)))))
    widths = [max(len(line[column]) for line in cells) for column in range(7)]
    return "\n".join("  ".join([f"{cell:<{width}}" for cell, width in zip(line, widths)] + [line[7]]).rstrip() for line in cells)
