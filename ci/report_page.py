"""The page of `bcda report`, taken apart by Python's own parser of HTML. For ci/report.py.

Every piece of text that has a digit is a figure until something has looked at it: what is left over at the end was checked by
nobody.
"""

import dataclasses
import html.parser
import re

VOID = {"meta", "br", "hr", "img", "input", "link", "col", "wbr"}
# In a drawing these end themselves.
DRAWN = {"rect", "line", "polyline", "polygon", "circle", "path"}
DIGIT = re.compile(r"\d")


class Node:
    """An element, with its children; or a piece of text, which has no name."""

    def __init__(self, name, attributes=(), parent=None, text=""):
        self.name, self.attributes, self.parent, self.text = name, dict(attributes), parent, text
        self.children, self.is_seen = [], False

    def all(self):
        """All below it, in order."""
        for child in self.children:
            yield child
            yield from child.all()

    def find_all(self, *names):
        return [node for node in self.all() if node.name in names]

    def find(self, *names):
        return next(iter(self.find_all(*names)), None)

    def classes(self):
        return self.attributes.get("class", "").split()

    def of_class(self, name):
        return [node for node in self.all() if name in node.classes()]

    def words(self):
        """Its text; this is not yet a look at its figures."""
        return " ".join("".join(node.text for node in self.all() if not node.name).split())

    def seen(self):
        """Its text, of which every figure now counts as checked."""
        self.is_seen = True
        for node in self.all():
            node.is_seen = True
        return self.words()


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.top = self.at = Node("document")

    def handle_starttag(self, name, attributes):
        node = Node(name, attributes, self.at)
        self.at.children.append(node)
        if name not in VOID:
            self.at = node

    def handle_startendtag(self, name, attributes):
        self.at.children.append(Node(name, attributes, self.at))

    def handle_endtag(self, name):
        if name in VOID or name in DRAWN and self.at.name != name:
            return
        if self.at.name != name:
            raise ValueError(f"</{name}> in <{self.at.name}>")
        self.at = self.at.parent

    def handle_data(self, text):
        self.at.children.append(Node("", parent=self.at, text=text))


@dataclasses.dataclass
class Row:
    """A row of a table: the texts of its cells, without that of the bar, and the length of the bar in percent (None: none)."""

    cells: list
    bar: float | None


@dataclasses.dataclass
class Table:
    caption: str
    head: list
    rows: list
    foot: list


def row(node):
    cells, bar = [], None
    for cell in (child for child in node.children if child.name in ("th", "td")):
        if "bar" in cell.classes():
            style = (cell.find("span") or Node("span")).attributes.get("style", "")
            bar = float(style.removeprefix("width:").removesuffix("%")) if style else None
        else:
            cells.append(cell.seen())
    return Row(cells, bar)


def table(node):
    rows = lambda name: [row(own) for part in node.find_all(name) for own in part.find_all("tr")]
    [head], foot = rows("thead"), rows("tfoot")
    caption = node.find("caption").seen()
    return Table(caption, head.cells, rows("tbody"), foot)


class Page:
    """A page. `take` gives a table by its caption once; `left` what nobody has looked at."""

    def __init__(self, text):
        reader = Reader()
        reader.feed(text)
        reader.close()
        if reader.at is not reader.top:
            raise ValueError(f"<{reader.at.name}> does not end")
        self.top = reader.top
        regions = self.top.of_class("scrolled")
        tables = self.top.find_all("table")
        if [region.find("table") for region in regions] != tables:
            raise ValueError("a table that does not scroll")
        self.tables = {}
        for node in tables:
            own = table(node)
            if own.caption in self.tables:
                raise ValueError(f"two tables of one caption: {own.caption}")
            self.tables[own.caption] = own

    def section(self, name):
        found = [node for node in self.top.find_all("section") if node.attributes.get("id") == name]
        return found[0] if found else None

    def facts(self, section):
        """What is told in a list of terms."""
        own = section.find("dl")
        pairs = [node for node in own.children if node.find("dt")] if own else []
        return {node.find("dt").seen(): node.find("dd").seen() for node in pairs}

    def left(self):
        """Texts with a digit that were not looked at, without style and title."""
        apart = {id(own) for node in self.top.find_all("style", "title") for own in node.all()}
        nodes = (node for node in self.top.all() if not node.name and not node.is_seen and id(node) not in apart)
        return [" ".join(node.text.split()) for node in nodes if DIGIT.search(node.text)]
