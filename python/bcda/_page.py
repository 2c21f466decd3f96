"""The page of `bcda.report`."""

import html

from ._bcda import report_page

# Of the frame in a notebook: the page scrolls in it.
_HEIGHT = "48rem"


class Page(str):
    """The text of a page of HTML; a notebook shows it in a frame of its own, in which no script runs."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return (
            f'<iframe title="What is in the tables" sandbox srcdoc="{html.escape(self)}" '
            f'style="width: 100%; height: {_HEIGHT}; border: 0"></iframe>'
        )


def report(tables, *, show_small_cells=False, threads=None):
    """Makes a page that shows what is in tables: the command `bcda report`.

    Figures are of final claims. Cells of 1 to 10 people are hidden, and others with them, so that they do not follow from
    what is shown.

    Args:
        tables: the folder of Parquet tables.
        show_small_cells: whether cells of 1 to 10 people are shown, too: for those alone who may see the tables themselves.
        threads: how many threads work at once; as many as the machine runs at once unless given.

    Returns:
        The page: a str of HTML to write to a file, which a notebook shows.

    Raises:
        UsageError, BcdaError; KeyboardInterrupt on Ctrl-C.
    """
    return Page(report_page(tables, show_small_cells=show_small_cells, threads=threads))
