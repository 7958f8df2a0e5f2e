"""The floor: a bare Textual app that counts a key."""

from textual.app import App, ComposeResult
from textual.widgets import Footer, Header, Input, Static, Tree


class BareApp(App[None]):
    AUTO_FOCUS = None
    BINDINGS = [("right", "count", "count"), ("q", "quit", "quit")]
    count = 0

    def compose(self) -> ComposeResult:
        yield Header()
        yield Input("the first frame")
        yield Static("count 0", id="count")
        yield Tree("tree")
        yield Footer()

    def action_count(self) -> None:
        self.count += 1
        self.query_one("#count", Static).update(f"count {self.count}")


if __name__ == "__main__":
    BareApp().run()
