"""The peer: a straightforward textual-plotext app that draws f, f' and the moving point again at each key."""

from textual.app import App, ComposeResult
from textual.widgets import Footer, Static
from textual_plotext import PlotextPlot

POINTS = [-10 + 20 * i / 399 for i in range(400)]


class PlotextApp(App[None]):
    BINDINGS = [("right", "count", "count"), ("q", "quit", "quit")]
    count = 0

    def compose(self) -> ComposeResult:
        yield Static("count 0", id="count")
        yield PlotextPlot()
        yield Footer()

    def on_mount(self) -> None:
        self.draw()

    def action_count(self) -> None:
        self.count += 1
        self.query_one("#count", Static).update(f"count {self.count}")
        self.draw()

    def draw(self) -> None:
        view = self.query_one(PlotextPlot)
        x = 4 + self.count / 10
        view.plt.clear_data()
        view.plt.plot(POINTS, [p * p + 3 * p + 1 for p in POINTS], marker="braille")
        view.plt.plot(POINTS, [2 * p + 3 for p in POINTS], marker="braille")
        view.plt.scatter([x], [x * x + 3 * x + 1])
        view.plt.title(f"x = {x:.1f}")
        view.refresh()


if __name__ == "__main__":
    PlotextApp().run()
