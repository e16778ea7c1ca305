"""A progress bar with news above it: live in a terminal, plain lines elsewhere."""

import time
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

#: Seconds between two plain lines of progress.
_PLAIN_EVERY_S = 2.0


class Screen:
    """Tells people how long work comes along."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._last_plain = 0.0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[note]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=None, note="", visible=False)

    def say(self, text: str) -> None:
        """Tell one piece of news, with the seconds since the beginning."""
        self._console.print(f"[dim]{time.monotonic() - self._began:5.1f} s[/]  {text}")

    def progress(self, what: str, done: int, total: int, note: str) -> None:
        """Move the bar; where there is none, say it now and then."""
        self._bar.update(
            self._task, description=what, completed=done, total=total, note=note, visible=True
        )
        now = time.monotonic()
        if self._bar.disable and now - self._last_plain >= _PLAIN_EVERY_S:
            self._last_plain = now
            self.say(f"{what} {done}/{total}, {note}")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
