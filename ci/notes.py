"""What the pictures of examples/analyses say whose data they show: only what the tables' manifest tells."""

import argparse
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, "examples/analyses")
sys.dont_write_bytecode = True

import tables
from matplotlib import pyplot

SERVER = "https://api.bcda.cms.gov"
CASES = [
    (None, None),
    ({}, None),
    ({"synthetic": None, "export_servers": []}, None),
    ({"synthetic": False}, None),
    ({"export_servers": [SERVER]}, SERVER),
    ({"synthetic": False, "export_servers": [SERVER]}, SERVER),
    ({"synthetic": True}, "Synthetic data"),
    ({"synthetic": {"generator": "bcda-synth", "seed": 3}, "export_servers": [SERVER]}, "Synthetic data"),
]

for manifest, said in CASES:
    with tempfile.TemporaryDirectory() as folder:
        if manifest is not None:
            (pathlib.Path(folder) / "tables-manifest.json").write_text(json.dumps(manifest))
        picture = pathlib.Path(folder) / "picture.svg"
        tables.save(pyplot.figure(), argparse.Namespace(tables=folder, picture=str(picture)))
        text = picture.read_text()
    assert (said is None or said in text) and ("Synthetic" in text) == (said == "Synthetic data"), (manifest, said)
    assert ("Data of" in text) == (said == SERVER), (manifest, said)
print("ok: pictures say whose data they show, where the tables do")
