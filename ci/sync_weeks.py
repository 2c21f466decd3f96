"""Weeks of `bcda sync` that are ended at random moments, with a sandbox that fails in some of them. Run by ci/weeks.

Each week the same line runs again and again until a run ends by itself. After each run no file that has its name was asked
for again. After each week the tables have the rows of one conversion of the final state, each export that was due has
one job and its files, one line has been said, and nothing is left over. No run says anything of a person.
"""

import collections
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import time

import pyarrow.parquet

import runs
from relay import Relay
from runs import Tally, Work, result, values

SEED = int(os.environ.get("BCDA_SEED") or random.SystemRandom().randrange(1 << 32))
GROUPS = ["all", "runout"]
# Each for one of the weeks: what a client has to survive without anybody's help. A failed job takes most of a minute, since a
# status of 500 may pass.
FAULTS = [
    "expired-job truncate-body server-error=1@status too-many-requests=1:1@data",
    "failed-job drop-connection unavailable=1:1@start token-expires=7 refuse-overlap bare-progress",
    "html-200 wrong-content-length change-etag gzip-members slow-jobs=2 server-error=1@token empty-file retry-after-date "
    "too-many-requests=1:1@start",
]
# Jobs that are begun anew because of them.
FAILING = {"expired-job": 410, "failed-job": 500}
# Of the sandbox's version 3 as many claims are in progress, too.
FINAL = {"v1": "", "v3": "--partially-adjudicated 0.1"}
IN_FOLDER = {"bcda.toml", "tables", "exports", "sync-report.json"}
LATER = {"tables.previous", "changes", "gone.csv"}
UNFINISHED = re.compile(r"^\.|\.part$|\.part-info$|\.partial|\.lock$")
# Columns that tell from which file a row is; the final state comes in others.
OF_FILES = ["FILE_NAME", "FILE_DATE"]
# Whoever is told to end does so soon, on a machine that does something else too.
PROMPT_SECONDS = 5


class Sandbox:
    """`bcda serve` with these faults."""

    def __init__(self, work, words):
        self.child = work.start(f"serve --port 0 --job-seconds 0 {words}")
        told = ""
        while "Ctrl-C ends it" not in told:
            line = self.child.stderr.readline().decode()
            if not line:
                raise SystemExit(f"bcda serve {words}: {told}")
            told += line
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)", told)[1])
        self.client, self.secret = (re.search(rf"client {name} +(\S+)", told)[1] for name in ("id", "secret"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.communicate(timeout=runs.DEADLINE_SECONDS)


class Client(Work):
    """A folder whose programs keep their tokens in it."""

    def environment(self):
        return super().environment() | {"XDG_CACHE_HOME": str(self / "cache")}


class Moment:
    """When a run is ended, and how; one that `is_sure` comes before a run with everything to do is done."""

    def __init__(self, rng, seconds, is_sure):
        # Most often without a warning.
        self.signal = rng.choice([signal.SIGKILL] * 4 + [signal.SIGTERM, signal.SIGINT])
        self.kind = rng.choice(["request", "byte", "tables"] + ["time"] * (not is_sure))
        self.at = {
            "time": lambda: rng.random() * seconds * 1.1,
            "request": lambda: rng.randrange(1, 4 if is_sure else 30),
            "byte": lambda: int(10 ** rng.uniform(0, 3 if is_sure else 6)),
            # As long as tables take to be made, and to be told of.
            "tables": lambda: rng.random() * (0.02 if is_sure else 0.3),
        }[self.kind]()
        self.requests, self.bytes, self.seen = set(), 0, None

    def __str__(self):
        when = {
            "time": f"{self.at:.3f} s after the start",
            "request": f"at answer {self.at}",
            "byte": f"at byte {self.at} of the files",
            "tables": f"{self.at:.3f} s after tables are begun",
        }[self.kind]
        return f"{self.signal.name} {when}"

    def is_met(self, request, count):
        """Asked with each part of an answer."""
        self.requests.add(id(request))
        if request.is_for_data:
            self.bytes += count
        reached = {"request": len(self.requests), "byte": self.bytes}.get(self.kind)
        return reached is not None and reached >= self.at

    def has_come(self, passed, folder):
        """Asked all the time."""
        if self.kind == "tables" and self.seen is None and folder.is_dir():
            if any(".partial" in name for name in os.listdir(folder)):
                self.seen = passed
        begun = {"time": 0, "tables": self.seen}.get(self.kind)
        return begun is not None and passed >= begun + self.at


class Export:
    """An export as its journal tells of it."""

    def __init__(self, journal):
        text = json.loads(journal.read_text())
        self.folder, self.number = journal.parent, number_of(journal.parent.name)
        self.job = path_of(text["export"]["jobUrl"])
        self.files = {path_of(file["url"]): file for file in text["files"]}

    def there(self):
        """The paths of the files that have their names."""
        lies = lambda name: (self.folder / name).is_file() or (self.folder / f"{name}.gz").is_file()
        return {path for path, file in self.files.items() if lies(file["name"])}


def number_of(name):
    """Which time of all an export is of, by its name."""
    return int(name.split("-")[1])


def path_of(url):
    return "/" + url.split("/", 3)[3].partition("?")[0]


class Weeks:
    """A folder that is kept current, and what has come of it so far."""

    def __init__(self, tally, rng, relay, work, api, weeks, people):
        self.tally, self.rng, self.relay, self.work = tally, rng, relay, work
        self.api, self.folder = api, work / "medicare"
        self.series = f"--beneficiaries {people} --seed {rng.randrange(1, 1000)} --weeks"
        self.served = f"{self.series} {weeks} --api {api}"
        # What the longest run so far has taken of a server without faults, in seconds.
        self.seconds, self.has_faults = 2.0, False
        self.counts = collections.Counter()
        self.secrets = set()

    def week(self, number, faults, most):
        """One week: ended at most so often, and then not any more."""
        with Work() as place:
            with Sandbox(place, self.served + "".join(f" --fault {fault}" for fault in faults)) as sandbox:
                self.relay.behind, self.has_faults = sandbox.port, bool(faults)
                self.write_credentials(sandbox)
                self.final_state(number)
                ran = self.until_it_ends(number, faults, most)
        self.check_week(number, faults, ran)

    def write_credentials(self, sandbox):
        path = self.work / "credentials"
        path.write_text(f"client_id = {sandbox.client}\nclient_secret = {sandbox.secret}\n")
        path.chmod(0o600)

    def final_state(self, number):
        """What the weeks up to this one lead to."""
        synth = f"{self.series} {number} --api {self.api} {FINAL[self.api]}"
        for words in (f"synth {synth} --final --out final --overwrite --quiet",
                      "convert final --out wanted --overwrite --quiet"):
            code, _, said = self.work.run(words)
            if code != 0:
                raise SystemExit(f"{words}: {code}, {said}")
        # Times are those of the data, and are told.
        self.secrets |= {value for value in values(self.work / "final") if not re.match(r"\d{4}-\d\d(-\d\d|$)", value)}

    def until_it_ends(self, number, faults, most):
        """Runs the line until a run ends by itself: what was asked for, each run by itself, and what was said."""
        words = ["sync", "medicare"]
        if number == 1:
            base = f"http://localhost:{self.relay.port}"
            words += ["--base-url", base, "--credentials", "credentials", "--group", ",".join(GROUPS), "--api", self.api]
        old, new, ran, before = result(self.folder / "tables"), None, [], self.report()
        while True:
            moment = Moment(self.rng, self.seconds, is_sure=not ran) if len(ran) < most else None
            there = set().union(*(export.there() for export in self.exports()))
            code, said, ended = self.run(words, moment)
            requests = self.relay.settle()
            what = f"week {number}, run {len(ran) + 1}, {moment or 'nothing ends it'}: {code}, {said[-400:]!r}"
            ran.append((ended, requests, said))
            if again := {request.path for request in requests if request.is_for_data} & there:
                self.lost(f"{len(again)} files that were there have been asked for again: {what}")
            if leaked := [value for value in self.secrets if value in said]:
                self.tally.failed("leaks", f"{len(leaked)} values: {what}")
            now = result(self.folder / "tables")
            if now is False or now != old and new is not None and now != new:
                self.lost(f"the tables are neither the old ones nor the new ones: {what}")
            new = now if now != old else new
            # Before the program listens, a signal ends it as any other.
            codes = {0} | ({-moment.signal, 128 + moment.signal} - {128 + signal.SIGKILL} if ended else set())
            if code not in codes:
                crashed = code is None or code < 0 or code == 101 or "internal fault" in said
                self.tally.failed("aborts" if crashed else "lost", f"exit code: {what}")
                if len(ran) > most + 3:
                    return ran
            # A run that is ended after its report has nothing left to do: the next one would begin another week.
            report = self.report()
            is_told = report != before and all(number_of(line["name"]) == number for line in report["exports"])
            if code == 0 or is_told:
                if not is_told:
                    self.lost(f"no report of the week: {what}")
                return ran

    def run(self, words, moment):
        """One run: its exit code (None: it hung), what it said, and whether it was ended before it ended by itself."""
        self.tally.ran()
        sent, begun = [], time.monotonic()
        child = self.work.start(words, stderr=subprocess.STDOUT)

        def send():
            if not sent:
                sent.append(time.monotonic())
                child.send_signal(moment.signal)

        self.relay.watch = lambda request, count: moment and moment.is_met(request, count) and send()
        while moment and not sent and child.poll() is None:
            if moment.has_come(time.monotonic() - begun, self.folder):
                send()
            time.sleep(0.001)
        try:
            said, _ = child.communicate(timeout=runs.DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            return None, "", False
        ended = time.monotonic()
        if not sent and not self.has_faults:
            self.seconds = max(self.seconds, ended - begun)
        if sent and ended - sent[0] > PROMPT_SECONDS:
            self.tally.failed("aborts", f"{moment}: it took {ended - sent[0]:.1f} s to end")
        code = child.returncode
        if os.environ.get("BCDA_WEEKS_VERBOSE"):
            print(f"{moment}: {code}, {ended - begun:.1f} s", flush=True)
        self.counts["runs"] += 1
        if sent and code != 0:
            self.counts[moment.signal.name] += 1
        return code, said.decode(errors="replace"), bool(sent and code != 0)

    def check_week(self, number, faults, ran):
        """What a week that is over has asked for, said and left."""
        place = f"{self.api}, week {number}{', with faults' * bool(faults)}"
        report = self.report()
        lines = [line for _, _, said in ran for line in said.splitlines() if line.startswith("paid ")]
        # A run that is killed between its line and its report has said what the next one says again.
        if set(lines) != {report["line"]}:
            self.lost(f"{place}: {len(lines)} lines of summary")
        self.counts["weeks whose line was said again"] += len(lines) > 1
        # Each group has everything first, then what changed and its people.
        exports = [export for export in self.exports() if export.number == number]
        if len(exports) != len(GROUPS) * (1 if number == 1 else 2):
            self.lost(f"{place}: {len(exports)} exports")
        self.check_jobs(place, faults, exports, ran)
        self.check_files(place, exports, ran)
        self.check_rows(place)
        self.check_left(place, number)
        if leaked := [value for value in self.secrets if value in (self.folder / "sync-report.json").read_text()]:
            self.tally.failed("leaks", f"{place}: {len(leaked)} values in the report")

    def check_jobs(self, place, faults, exports, ran):
        """One job for an export. Another only where one has failed, or where a run was ended before it noted the job."""
        kept, failed, lost = {export.job for export in exports}, set(), set()
        started, asked = [], collections.defaultdict(set)
        for ended, requests, _ in ran:
            own = [path_of(request.location) for request in requests if request.is_start and request.status == 202]
            started += own
            for request in requests:
                if "/jobs/" in request.path:
                    asked[request.path].add(request.status)
            if ended and own and own[-1] not in kept:
                lost.add(own[-1])
        for name, status in FAILING.items():
            if name in faults:
                failed |= {job for job in started if status in asked[job] and job not in kept}
        # Nobody knows of those, and so nobody asks for them.
        lost = {job for job in lost - failed if not asked[job]}
        self.counts["jobs"] += len(started)
        self.counts["jobs begun anew"] += len(failed)
        self.counts["jobs that no journal knew of"] += len(lost)
        if len(failed) > sum(name in faults for name in FAILING) or set(started) != kept | failed | lost:
            self.lost(f"{place}: {len(started)} jobs for {len(kept)} exports, {len(failed)} failed, {len(lost)} not noted")

    def check_files(self, place, exports, ran):
        """Files of these exports alone are asked for, and none is handed on whole twice unless its run was ended."""
        files = {path: file for export in exports for path, file in export.files.items()}
        of_claims = {path for export in exports if not export.folder.name.endswith("people") for path in export.files}
        for ended, requests, _ in ran:
            of_data = [request for request in requests if request.is_for_data]
            whole = collections.Counter()
            for request in of_data:
                if request.path not in files:
                    self.lost(f"{place}: a file was asked for that no journal names")
                    continue
                size = files[request.path].get("bytes", 0)
                is_whole = request.status == 200 and request.bytes == request.announced == size
                whole[request.path] += is_whole
                is_cut = request.status in (200, 206) and request.bytes < size
                self.counts["answers cut"] += is_cut and request.status == 200
                self.counts["rests of files"] += request.status == 206
                if request.path in of_claims:
                    self.counts["bytes of claims handed on"] += request.bytes
            if any(count > 1 for count in whole.values()):
                self.lost(f"{place}: a run has fetched a file twice")
            self.counts["files handed on whole"] += sum(whole.values())
            self.counts["of which in a run that was ended"] += ended * sum(whole.values())
        there = set().union(*(export.there() for export in exports))
        self.counts["files"] += len(there)
        self.counts["bytes of claims"] += sum(files[path].get("bytes", 0) for path in of_claims & there)
        if missing := {path for path, file in files.items() if file["state"] == "complete"} - there:
            self.lost(f"{place}: {len(missing)} files are not there")

    def check_rows(self, place):
        """The tables have the rows of the conversion of the final state."""
        found, wanted = (rows(folder) for folder in (self.folder / "tables", self.work / "wanted"))
        if found.keys() != wanted.keys():
            self.lost(f"{place}: other tables")
        for name in found.keys() & wanted.keys():
            missing, more = wanted[name] - found[name], found[name] - wanted[name]
            if missing or more:
                self.lost(f"{place}: {name}: {missing.total()} rows are missing, {more.total()} are too many")

    def check_left(self, place, number):
        """Nothing but what the guide names."""
        names = {re.sub(r"^(tables\.previous)-\d+$", r"\1", name) for name in os.listdir(self.folder)}
        previous = sum(name.startswith("tables.previous") for name in os.listdir(self.folder))
        if not IN_FOLDER <= names <= IN_FOLDER | LATER or previous != int(number > 1):
            self.lost(f"{place}: in the folder: {sorted(os.listdir(self.folder))}")
        found = [name for _, folders, files in os.walk(self.folder) for name in folders + files]
        if left := [name for name in found if UNFINISHED.search(name)]:
            self.lost(f"{place}: left behind: {left}")
        if left := self.work.left("medicare", "credentials", "cache", "final", "wanted"):
            self.lost(f"{place}: left behind: {left}")

    def exports(self):
        journals = sorted(self.folder.glob("exports/*/*/bcda-export.json"))
        return [Export(journal) for journal in journals]

    def report(self):
        path = self.folder / "sync-report.json"
        return json.loads(path.read_text()) if path.is_file() else None

    def lost(self, what):
        self.tally.failed("lost", what)


def rows(folder):
    """How often each row is in each table, whichever file it came from."""
    found = {}
    for path in sorted(pathlib.Path(folder).glob("*.parquet")):
        table = pyarrow.parquet.read_table(path)
        table = table.drop_columns([name for name in OF_FILES if name in table.column_names])
        # A table without a column that differs has no rows to tell apart.
        found[path.name] = collections.Counter(zip(*(column.to_pylist() for column in table.columns)))
    return found


def synced(case, api, weeks, people, most, faults):
    """The weeks of a version, with each of the faults in one of them. At most so many runs of a week are ended; true when
    nothing failed."""
    tally, rng, begun = Tally(case), random.Random(f"{SEED} {api}"), time.monotonic()
    with Relay() as relay, Client() as work:
        own = Weeks(tally, rng, relay, work, api, weeks, people)
        of_weeks = dict(zip(rng.sample(range(1, weeks + 1), len(faults)), faults))
        for number in range(1, weeks + 1):
            own.week(number, of_weeks.get(number, "").split(), most)
    shown = ", ".join(f"{name} {count:,}" for name, count in own.counts.items())
    print(f"{api}, {own.series.removesuffix(' --weeks')}, faults in weeks {sorted(of_weeks)}: {shown}; "
          f"{time.monotonic() - begun:.0f} s", flush=True)
    return tally.end()
