"""The page that shows what is in tables."""

import html.parser
import re

import bcda
import pytest


@pytest.fixture(scope="module")
def tables(synthesized, tmp_path_factory):
    out = tmp_path_factory.mktemp("report") / "tables"
    bcda.convert(synthesized("v3", 200), out)
    return out


def test_the_page_is_text_that_a_notebook_shows(tables, tmp_path):
    page = bcda.report(tables, threads=2)
    assert isinstance(page, str) and page.startswith("<!DOCTYPE html>") and "Paid by month" in page
    assert "are hidden" in page and "people are shown" not in page
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    frames = []

    class Frames(html.parser.HTMLParser):
        def handle_starttag(self, tag, attributes):
            frames.append((tag, dict(attributes)))

    Frames().feed(page._repr_html_())
    [(tag, frame)] = frames
    # The page as it is, which may run nothing.
    assert tag == "iframe" and frame["srcdoc"] == page and "sandbox" in frame and frame["title"]
    assert "<script" not in page and not re.search(r"\bon\w+=|https?://", page)


def test_small_cells_are_shown_where_that_is_asked_for(tables):
    page = bcda.report(tables, show_small_cells=True)
    assert "people are shown" in page and "hidden</td>" not in page


def test_what_is_no_result_is_refused(tmp_path):
    with pytest.raises(bcda.UsageError, match="no folder is there"):
        bcda.report(tmp_path / "nothing")
