"""The expressions that were accepted, to be had again with up and down."""

from __future__ import annotations


class History:
    """Entries, oldest first, and a place in them; the line being typed waits at the end as the draft."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self._place = 0
        self._draft = ""

    def add(self, text: str) -> None:
        """Keep `text` as the newest entry, once, and go to the end."""
        if text in self.entries:
            self.entries.remove(text)
        self.entries.append(text)
        self._place = len(self.entries)

    def older(self, current: str) -> str:
        """The entry before this place, or `current` where there is none. What has been typed since is kept as the draft."""
        if self._place == len(self.entries) or self.entries[self._place] != current:
            self._draft, self._place = current, len(self.entries)
            if self.entries and self.entries[-1] == current:
                self._place -= 1
        if self._place == 0:
            return current
        self._place -= 1
        return self.entries[self._place]

    def newer(self, current: str) -> str:
        """The entry after this place, at the end the draft."""
        if self._place >= len(self.entries):
            return current
        self._place += 1
        return self._draft if self._place == len(self.entries) else self.entries[self._place]
