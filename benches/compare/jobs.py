"""The jobs that are run against each other."""
import json, pathlib, shutil, subprocess, sys

import export

HERE = export.HERE
PYTHON = sys.executable


class Job:
    """A command with a name. `group` is the race it belongs to; `check` the tables whose rows must be those of
    bcda-23 or bcda-whole, `how` with what options of agree.py."""

    def __init__(self, name, label, group, command, megabytes, out, check=(), how=(), tree=False, repeat=1):
        self.name, self.label, self.group, self.command = name, label, group, command
        self.megabytes, self.out, self.check, self.how, self.tree, self.repeat = megabytes, out, list(check), list(how), tree, repeat


def knows_columns(bcda):
    return "--columns" in subprocess.run([bcda, "convert", "--help"], capture_output=True, text=True, check=True).stdout


def all_jobs(bcda, data, work, threads, examples):
    """Every job on the data, in the order in which a round takes them. Numbers of a name are threads."""
    plain, out = str(data.plain), pathlib.Path(work) / "out"
    megabytes = data.claim_megabytes
    jobs = []

    def add(name, label, group, command, **more):
        jobs.append(Job(name, label, group, command(str(out / name)), more.pop("megabytes", megabytes), out / name, **more))

    def bcda_on(source, *options, n=threads):
        return lambda to: [bcda, "convert", "--quiet", "--overwrite", "--threads", str(n), source, "--out", to, *options]

    def peer(script, *options):
        return lambda to: [PYTHON, str(HERE / script), *options[:1], plain, to, str(threads), *options[1:]] if options else \
            [PYTHON, str(HERE / script), plain, to, str(threads)]

    # 1. twelve columns of the claim header, eleven of the line
    some = ["--tables", "cclf1,cclf5", "--no-lineage"]
    complete = {"how": ["--complete"]}
    exactly = complete if knows_columns(bcda) else {}
    if exactly:
        some += ["--columns", ",".join([f"cclf1.{c}" for c in export.HEADER] + [f"cclf5.{c}" for c in export.LINE])]
    else:
        print("this bcda has no --columns: its 23-column job writes all columns of CCLF1 and CCLF5", file=sys.stderr)
    two = ["cclf1", "cclf5"]
    add("bcda-23", f"bcda, {threads} threads", "23", bcda_on(plain, *some), check=two)
    if threads != 1:
        add("bcda-23-1", "bcda, 1 thread", "23", bcda_on(plain, *some, n=1))
    add("duckdb-23-once", "DuckDB, parsed once", "23", peer("duckdb_job.py", "duckdb_23_once.sql"), check=two, **exactly)
    add("duckdb-23-passes", "DuckDB, two passes", "23", peer("duckdb_job.py", "duckdb_23_passes.sql"), check=two, **exactly)
    add("duckdb-23-filter", "DuckDB, text filtered first", "23", peer("duckdb_job.py", "duckdb_23_filter.sql"), check=two, **exactly)
    add("polars-23", "Polars", "23", peer("polars_job.py"), check=two, **exactly)
    add("pyarrow-23", "PyArrow", "23", peer("pyarrow_job.py"), check=two, **exactly)
    add("orjson-23", f"Python with orjson, {threads} processes", "23", peer("python_job.py", "orjson"), check=two, tree=True, **exactly)
    add("json-23", f"Python, {threads} processes", "23", peer("python_job.py", "json"), check=two, tree=True, **exactly)

    # 2. every column with a source of CCLF1 to CCLF7, the MBI joined
    whole = ["--tables", ",".join(export.WHOLE)]
    add("bcda-whole", f"bcda, {threads} threads", "whole", bcda_on(plain, *whole), check=export.WHOLE)
    if threads != 1:
        add("bcda-whole-1", "bcda, 1 thread", "whole", bcda_on(plain, *whole, n=1))
    add("duckdb-whole-once", "DuckDB, parsed once", "whole", peer("duckdb_job.py", "duckdb_all.sql", "TEMP TABLE"), check=export.WHOLE, **complete)
    add("duckdb-whole-passes", "DuckDB, a pass per table", "whole", peer("duckdb_job.py", "duckdb_all.sql", "VIEW"), check=export.WHOLE, **complete)

    # 3. other ways in and out
    add("bcda-all", "all twelve tables", "ways", bcda_on(plain))
    add("bcda-cclf5", "CCLF5 alone", "ways", bcda_on(plain, "--tables", "cclf5"))
    add("bcda-gzip", "from gzip", "ways", bcda_on(str(data.gzip), *whole), check=export.WHOLE)
    gunzip, tape = (pathlib.Path(examples) / name for name in ("gunzip", "tape"))
    if gunzip.exists():
        add("gunzip", "our decompressor alone, 1 thread", "ways", lambda to: f"find '{data.gzip}' -name '*.gz' | sort | xargs '{gunzip}'")
    else:
        print(f"no {gunzip}, so there is no job of it: cargo build --profile dist -p bcda-benches --examples", file=sys.stderr)
    # elsewhere the records come from other files: all but FILE_NAME must be the same
    moved = {"check": export.WHOLE, "how": ["--without", "FILE_NAME"]}
    people_first = " ".join(f"'{path}'" for path in data.people + data.claims)
    add("bcda-stdin", "from standard input", "ways",
        lambda to: f"cat {people_first} | '{bcda}' convert --quiet --overwrite --threads {threads} - --out '{to}' "
                   f"--file-date {export.file_date(plain)} {' '.join(whole)}", **moved)
    claims = " ".join(f"'{path}'" for path in data.claims)
    patients = " ".join(f"--patients '{path}'" for path in data.people)
    add("bcda-stdin-patients", "from standard input, --patients", "ways",
        lambda to: f"cat {claims} | '{bcda}' convert --quiet --overwrite --threads {threads} - --out '{to}' {patients} "
                   f"--file-date {export.file_date(plain)} {' '.join(whole)}", **moved)
    add("bcda-stdin-file", "from standard input, redirected", "ways",
        lambda to: f"'{bcda}' convert --quiet --overwrite --threads {threads} - --out '{to}' "
                   f"--file-date {export.file_date(plain)} {' '.join(whole)} < '{data.stream}'", **moved)
    add("bcda-one", "from one large file", "ways", bcda_on(str(data.one), *whole), **moved)
    # without people: the tape is of the claims alone
    add("bcda-claims-1", "from one file of claims, 1 thread", "ways", bcda_on(str(data.one / "claims.ndjson"), *whole, "--file-date", export.file_date(plain), n=1))
    if tape.exists():
        add("tape", "simd-json's fill_tape of that file, 1 thread", "ways", lambda to: [str(tape), str(data.one / "claims.ndjson")])
    else:
        print(f"no {tape}, so there is no job of simd-json's tape: cargo build --profile dist -p bcda-benches --examples", file=sys.stderr)
    add("bcda-small", f"from {data.small_files:,} small files", "ways", bcda_on(str(data.small), *whole), **moved)
    add("bcda-csv", "to CSV", "ways", bcda_on(plain, "--format", "csv", *whole))
    add("bcda-empty", "an empty file, all tables", "ways", bcda_on(str(data.empty), "--file-date", "2024-01-01"), megabytes=0, repeat=20)
    return jobs


def join(paths, to):
    with open(to, "wb") as out:
        for path in paths:
            with open(path, "rb") as file:
                shutil.copyfileobj(file, out, 1 << 20)


class Data:
    """A synthetic export and the same records in other shapes."""

    def __init__(self, bcda, folder, gigabytes, small_files=20_000):
        self.bcda, self.folder = bcda, pathlib.Path(folder) / f"{gigabytes:g}GB"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.plain, self.gzip, self.one, self.small = (self.folder / name for name in ("plain", "gzip", "one", "small"))
        self.empty = self.folder / "empty.ndjson"
        self.stream = self.folder / "people-then-claims.ndjson"
        synth(bcda, self.plain, gigabytes)
        synth(bcda, self.gzip, gigabytes, gzip=True)
        self.claims, self.people = export.claims(self.plain), export.patients(self.plain) + export.files(self.plain, "Coverage")
        self.claim_megabytes = sum(pathlib.Path(path).stat().st_size for path in self.claims) / 1e6
        self.empty.write_bytes(b"")
        self.make_one()
        self.make_stream()
        self.small_files = self.make_small(small_files)

    def make_one(self):
        if self.complete(self.one):
            return
        for kind, paths in (("claims", self.claims), ("people", self.people)):
            join(paths, self.one / f"{kind}.ndjson")
        self.seal(self.one)

    def make_stream(self):
        paths = self.people + self.claims
        size = sum(pathlib.Path(path).stat().st_size for path in paths)
        if not self.stream.exists() or self.stream.stat().st_size != size:
            join(paths, self.stream)

    def make_small(self, count):
        if not self.complete(self.small):
            lines = sum(file["records"] for file in export.manifest(self.plain)["files"] if file["type"] == "ExplanationOfBenefit")
            each, rest = divmod(lines, min(count, lines))
            number, part, left = 0, None, 0
            for path in self.claims:
                with open(path, "rb") as file:
                    for line in file:
                        if left == 0:
                            if part:
                                part.close()
                            part, left = open(self.small / f"claims-{number:05}.ndjson", "wb"), each + (number < rest)
                            number += 1
                        part.write(line)
                        left -= 1
            part.close()
            for number, path in enumerate(self.people):
                shutil.copy(path, self.small / f"people-{number:02}.ndjson")
            self.seal(self.small)
        return sum(1 for path in self.small.glob("claims-*"))

    def complete(self, folder):
        """Whether a folder was made whole; an unfinished one is made anew."""
        if (folder / "bcda-export.json").exists():
            return True
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return False

    def seal(self, folder):
        shutil.copy(self.plain / "bcda-export.json", folder)


# The size of a beneficiary's records, as `bcda synth --help` has it.
BYTES_PER_BENEFICIARY = 570_000


def synth(bcda, folder, gigabytes, gzip=False):
    """A synthetic export of about this size (in plain text), unless it is there."""
    if (folder / "bcda-export.json").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    beneficiaries = max(1, round(gigabytes * 1e9 / BYTES_PER_BENEFICIARY))
    subprocess.run([bcda, "synth", "--quiet", "--seed", "4", "--out", str(folder), "--beneficiaries", str(beneficiaries),
                    *(["--gzip"] if gzip else [])], check=True)


def sizes(folder):
    """Records and bytes of an export, from its manifest."""
    files = json.loads((folder / "bcda-export.json").read_text())["files"]
    return {"records": sum(f["records"] for f in files), "bytes": sum(f["content_bytes"] for f in files)}
