"""What ./demo shows: a line for each step with its time, live bars where a terminal can draw them, tables at the end."""
import contextlib
import shutil
import sys
import threading
import time


def seconds(value):
    return f"{value:.1f} s" if value < 100 else f"{value / 60:.1f} min"


class Screen:
    """Writes to a terminal or to a file; safe to use from the thread that draws and the one that works."""

    def __init__(self, stream=None):
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()
        self._plain = "utf" not in (self.stream.encoding or "").lower()
        self._lock = threading.RLock()
        self._drawn = False

    def mark(self, good):
        word = {True: "ok" if self._plain else "✓", False: "!!" if self._plain else "✗", None: "-" if self._plain else "·"}[good]
        if not self.live or good is None:
            return word
        return f"\x1b[{32 if good else 31}m{word}\x1b[0m"

    def say(self, text="", good=None, took=None):
        """One line that stays; with `good` a step's line, with its time at the end."""
        with self._lock:
            self._clear()
            if good is not None:
                width = max(64, min(100, shutil.get_terminal_size((92, 24)).columns - 16)) if self.live else 76
                text = f"  {self.mark(good)} {text:<{width}}" + (f" {seconds(took):>9}" if took is not None else "")
            self.stream.write(text.rstrip() + "\n")
            self.stream.flush()

    def head(self, text):
        self.say()
        self.say(f"\x1b[1m{text}\x1b[0m" if self.live else text)

    def draw(self, text, fraction=None, since=None):
        """The line in hand, on a terminal only: it is drawn over by whatever comes next."""
        if not self.live:
            return
        width = shutil.get_terminal_size().columns - 1
        tail = "" if since is None else f"  {seconds(time.monotonic() - since)}"
        if fraction is not None:
            tail = f"  {self._bar(fraction)} {fraction:4.0%}" + tail
        with self._lock:
            self._clear()
            self.stream.write(f"    {text[:max(10, width - len(tail) - 4)]}{tail}"[:width])
            self.stream.flush()
            self._drawn = True

    @contextlib.contextmanager
    def step(self, text, fraction=None):
        """A step that blocks: drawn while it lasts (`fraction` is asked how far it is), told with its time at the end."""
        started, ended = time.monotonic(), threading.Event()
        title = [text]

        def keep_drawing():
            while not ended.wait(0.15):
                self.draw(title[0], fraction and min(1.0, fraction(time.monotonic() - started)), started)
        drawer = threading.Thread(target=keep_drawing, daemon=True)
        if self.live:
            drawer.start()
        good = False
        try:
            yield title
            good = True
        finally:
            ended.set()
            if self.live:
                drawer.join()
            self.say(title[0], good, time.monotonic() - started)

    def table(self, head, rows):
        """Aligned columns; the first column is the mark of the row."""
        widths = [max(len(str(row[i])) for row in [head, *[r[1:] for r in rows]]) for i in range(len(head))]
        self.say("    " + "  ".join(f"{title:<{widths[i]}}" for i, title in enumerate(head)))
        for good, *cells in rows:
            self.say(f"  {self.mark(good)}{' ' if not self._plain else ''}"
                     + "  ".join(f"{str(cell):<{widths[i]}}" for i, cell in enumerate(cells)))

    def _bar(self, fraction, width=24):
        full = int(max(0.0, min(1.0, fraction)) * width)
        return "[" + ("#" if self._plain else "█") * full + ("-" if self._plain else "░") * (width - full) + "]"

    def _clear(self):
        if self._drawn:
            self.stream.write("\r\x1b[K")
            self._drawn = False
