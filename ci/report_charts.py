"""Holds the drawings of a page of `bcda report` against the tables below them. For ci/report_check.py."""

from report_figures import NO_DATE
from report_words import HIDDEN, dollars, grouped, long, months

COLORS = {"#0B5FA5": "whole", "#9EC5E8": "still to come", "#DDDDDD": HIDDEN}


class Charts:
    """What a check of a page knows of drawings."""

    def charts(self):
        for caption, what, money in (("Paid by month, in dollars", "paid", "$"), ("Claims by month", "claims", "")):
            if caption in self.page.tables:
                table, [charts] = self.page.tables[caption], self.beside(caption)
                columns = [("all types", 1)] * (len(table.head) > 3) + [(name, 2 + c) for c, name in enumerate(table.head[2:])]
                self.drawn(charts, columns, what, money, table)
        if "Part D events by month" in self.page.tables:
            table, [charts] = self.page.tables["Part D events by month"], self.beside("Part D events by month")
            figures = charts.find_all("figure")
            self.same("charts of Part D", len(figures), 2)
            self.chart(figures[0], "events", 1, "events", "", table)
            self.chart(figures[1], "paid by patients", 2, "dollars", "$", table)
        drawn = self.page.top.find_all("svg") + self.page.top.of_class("none")
        self.same("drawings that were checked", sum(node.is_seen for node in drawn), len(drawn))

    def beside(self, caption):
        """The drawings above a table."""
        [region] = [node for node in self.page.top.of_class("scrolled") if node.attributes["aria-label"] == caption]
        before = region.parent.children[: region.parent.children.index(region)]
        return [node for node in before if "charts" in node.classes()][-1:]

    def drawn(self, charts, columns, what, money, table):
        figures = charts.find_all("figure")
        self.same(f"{table.caption}: charts", [node.find("figcaption").words() for node in figures], [name for name, _ in columns])
        for node, (name, column) in zip(figures, columns):
            self.chart(node, name, column, what, money, table)

    def chart(self, node, name, column, what, money, table):
        at = f"{table.caption}, the chart of {name}"
        self.same(at, node.find("figcaption").words(), name)
        node.seen()
        number = lambda cell: round(float(cell.replace(",", "")) * (100 if money else 1))
        newest = self.figures.newest_month()
        is_part_d = table.caption.startswith("Part D")
        bars = []
        for row in table.rows:
            # What is together with claims without a date is gray.
            name_of_row = row.cells[0].removeprefix(f"{NO_DATE} + ")
            if own := months(name_of_row):
                is_gray = row.cells[column] == HIDDEN or name_of_row != row.cells[0]
                value = None if is_gray else number(row.cells[column])
                color = HIDDEN if value is None else "still to come" if own[1] - 1 >= newest - 2 and not is_part_d else "whole"
                bars.append((own, row.cells[0], value, value is not None and value / (own[1] - own[0]), color))
        svg = node.find("svg")
        shown = [bar for bar in bars if bar[2] is not None]
        if not any(bar[2] for bar in shown):
            self.true(f"{at} is drawn, and nothing can be", svg is None)
            return
        if svg is None:
            self.faults.append(f"{at} is not drawn")
            return
        of_one = [bar for bar in shown if bar[0][1] - bar[0][0] == 1]
        most = max((bar[2] for bar in of_one), default=0)
        cell = dollars(most) if money else grouped(most)
        when = [bar[1] for bar in of_one if bar[2] == most]
        wanted = [f"{name}, {what} by month. The most of one month are {cell}, in {own}. The table has all of them." for own in when]
        wanted = wanted or [f"{name}, {what} by month. The table has all of them."]
        self.true(f"{at}: its text is `{svg.attributes['aria-label']}`", svg.attributes["aria-label"] in wanted)
        self.same(f"{at}: its role", svg.attributes.get("role"), "img")
        drawn = [rect.attributes for rect in svg.find_all("rect") if rect.attributes.get("fill") in COLORS]
        self.same(f"{at}: bars", [COLORS[own["fill"]] for own in drawn], [bar[4] for bar in bars])
        # The row with claims without a date comes first, wherever its months are.
        order = sorted(range(len(bars)), key=lambda i: bars[i][0])
        drawn, bars = [drawn[i] for i in order], [bars[i] for i in order]
        place = lambda own, key: float(own[key])
        # Two bars give the scale of both axes.
        tallest = max(range(len(bars)), key=lambda i: abs(bars[i][3] or 0))
        scale = place(drawn[tallest], "height") / abs(bars[tallest][3])
        # Where the bars that go up begin.
        zeros = [place(own, "y") + place(own, "height") for own, bar in zip(drawn, bars) if bar[2] is not None and bar[3] >= 0]
        start, first, end = place(drawn[0], "x"), bars[0][0][0], bars[-1][0][1]
        wide = (place(drawn[-1], "x") + place(drawn[-1], "width") - start) / (end - first)
        for own, bar in zip(drawn, bars):
            if bar[4] != HIDDEN:
                height = place(own, "height")
                self.true(f"{at}, {bar[1]}: the bar is {height} high", abs(height - abs(bar[3]) * scale) <= 3)
            x, width = start + (bar[0][0] - first) * wide, (bar[0][1] - bar[0][0]) * wide
            self.true(f"{at}, {bar[1]}: the bar is elsewhere", abs(place(own, "x") - x) <= 3 and abs(place(own, "width") - width) <= 3)
        for label in svg.find_all("text"):
            text, x, y = label.words(), place(label.attributes, "x"), place(label.attributes, "y")
            if x < start:
                value, off = long(text)
                value, off = (value * 100, off * 100) if money else (value, off)
                is_there = not zeros or abs((max(zeros) - y) / scale - value) <= off + 3 / scale
                self.true(f"{at}: {text} stands at {y}", is_there)
            else:
                self.true(f"{at}: {text} stands at {x}", abs(start + (int(text) * 12 - first) * wide - x) <= 3)
