"""What the analyses share: the folder of tables as DuckDB views, a table in print, a picture."""

import argparse
import datetime
import json
import os

os.environ.setdefault("MPLBACKEND", "Agg")

import duckdb
import matplotlib

SYNTHETIC = "Synthetic data (bcda synth): people and amounts are made up, and mean nothing."

# Colours that people with colour blindness can tell apart (Okabe and Ito).
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#e69f00", "#009e73", "#8c8c8c"

matplotlib.rcParams.update({
    # The same picture is the same bytes: no random ids, and letters stay letters.
    "svg.hashsalt": "bcda",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid.axis": "y",
    "grid.color": "#e0e0e0",
    "legend.frameon": False,
})


def arguments(description, picture):
    """The folder of the tables, and where the picture goes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("tables", help="folder of Parquet tables that `bcda convert` made")
    parser.add_argument("--picture", default=picture, help=f"file for the picture ({picture})")
    return parser.parse_args()


def connect(folder):
    """DuckDB with a view for each table in the folder: CCLF1 of cclf1.parquet."""
    connection = duckdb.connect()
    for name in sorted(os.listdir(folder)):
        table, extension = os.path.splitext(name)
        if extension == ".parquet":
            path = os.path.join(folder, name).replace("'", "''")
            connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{path}')")
    return connection


def note(folder):
    """Whose data the tables are, by their manifest: made up, of a server, or nothing where it tells neither."""
    try:
        with open(os.path.join(folder, "tables-manifest.json"), encoding="utf-8") as file:
            manifest = json.load(file)
    except FileNotFoundError:
        return None
    if manifest.get("synthetic"):
        return SYNTHETIC
    servers = [server for server in manifest.get("export_servers") or [] if isinstance(server, str) and server]
    return f"Data of {', '.join(servers)}" if servers else None


def show(header, rows):
    """Prints a table, numbers to the right."""
    cells = [list(header)] + [[cell(value) for value in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    for number, row in enumerate(cells):
        words = [
            text.ljust(width) if column == 0 else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths))
        ]
        print("  ".join(words).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))


def cell(value):
    if value is None:
        return "-"
    if isinstance(value, (str, datetime.date)):
        return str(value)
    return f"{value:,}"


def save(figure, arguments):
    """Writes the picture, with a note whose data it shows."""
    text, path = note(arguments.tables), arguments.picture
    if text:
        figure.text(0.01, 0.012, text, fontsize=8, color="#606060", parse_math=False)
    figure.tight_layout(rect=(0, 0.035, 1, 1))
    metadata = {"Date": None} if path.endswith(".svg") else None
    figure.savefig(path, metadata=metadata, dpi=120)
