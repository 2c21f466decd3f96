"""The examples in examples/schedule: what each does with the exit codes of `bcda sync`.

A stand-in for bcda ends with the codes that it is told, one after another. shellcheck, systemd-analyze and Airflow are used
where they are; without Airflow a stand-in shows what the DAG raises.
"""

import importlib.util
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import types

SCHEDULE = pathlib.Path("examples/schedule").resolve()
SCRIPT = SCHEDULE / "cron" / "bcda-sync"
# Takes the next code from a file, and keeps its arguments. `wait` is a run that lasts until it is ended.
BCDA = """#!/bin/bash
echo "$@" >>"$CODES.asked"
code="$(head -n 1 "$CODES")"
sed -i 1d "$CODES"
echo "said of $code"
if [ "$code" = wait ]; then
    trap 'exit 143' TERM
    sleep 60 &
    wait $!
fi
exit "$code"
"""
SUCCESS, AGAIN, TELL = "success", "again", "tell"
FATES = {0: SUCCESS, 3: SUCCESS, 1: AGAIN, 5: AGAIN, 130: AGAIN, 143: AGAIN, 137: AGAIN, 2: TELL, 4: TELL}


def check(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: expected {expected!r}, found {found!r}")


def stand_in(work, codes):
    """The environment in which bcda ends with these codes."""
    bcda = work / "bcda"
    bcda.write_text(BCDA)
    bcda.chmod(0o755)
    (work / "codes").write_text("".join(f"{code}\n" for code in codes))
    (work / "codes.asked").write_text("")
    return {**os.environ, "BCDA": str(bcda), "CODES": str(work / "codes"), "BCDA_WAIT": "0", "BCDA_TRIES": "3", "BCDA_DIR": "dir"}


def asked(work):
    return (work / "codes.asked").read_text().splitlines()


def check_cron(work):
    for code, fate in FATES.items():
        environment = stand_in(work, [code, 0])
        done = subprocess.run([SCRIPT, "dir"], env=environment, capture_output=True, text=True)
        check(f"cron: {code}: tries", asked(work), ["sync dir"] * (2 if fate == AGAIN else 1))
        check(f"cron: {code}: exit code", done.returncode, code if fate == TELL else 0)
        check(f"cron: {code}: warning", f"said of {code}" in done.stdout, code == 3)
        check(f"cron: {code}: error", f"said of {code}" in done.stderr, fate == TELL)
        check(f"cron: {code}: silent", done.stdout + done.stderr == "", fate == AGAIN or code == 0)
    environment = stand_in(work, [5, 1, 5, 0])
    done = subprocess.run([SCRIPT, "dir"], env=environment, capture_output=True, text=True)
    check("cron: tries", (len(asked(work)), done.returncode, "try 3 of 3" in done.stderr), (3, 5, True))
    with subprocess.Popen([SCRIPT, "dir"], env=stand_in(work, ["wait", 0]), stderr=subprocess.PIPE, text=True) as script:
        for _ in range(200):
            if asked(work):
                break
            time.sleep(0.05)
        time.sleep(0.2)
        script.send_signal(signal.SIGTERM)
        said = script.communicate(timeout=30)[1]
    check("cron: ended", (script.returncode, len(asked(work)), "the next run goes on" in said), (143, 1, True))
    [line] = [line for line in (SCHEDULE / "cron" / "crontab").read_text().splitlines() if line.startswith("0 ")]
    check("cron: the line", line.split()[5:], ["/usr/local/bin/bcda-sync", "/srv/bcda"])
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", SCRIPT], check=True)
    else:
        print("skipped: no shellcheck")
    print("ok: cron")


def settings(unit):
    """The settings of a unit file by name; of one that stands there twice all."""
    found = {}
    for line in (SCHEDULE / "systemd" / unit).read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith(("#", "[")):
            found.setdefault(name, []).append(value)
    return found


def check_systemd(work):
    service = settings("bcda-sync.service")
    words = lambda name: {int(word) for word in " ".join(service[name]).split()}
    successes = words("SuccessExitStatus") | {0}
    told = words("RestartPreventExitStatus")
    check("systemd: successes", successes, {code for code, fate in FATES.items() if fate == SUCCESS})
    check("systemd: not again", told, {code for code, fate in FATES.items() if fate == TELL})
    check("systemd: again", service["Restart"], ["on-failure"])
    if not shutil.which("systemd-analyze"):
        print("skipped: no systemd-analyze")
    else:
        # The programs that they name are not there: others are.
        true = shutil.which("true")
        for unit in (SCHEDULE / "systemd").iterdir():
            text = unit.read_text().replace("/usr/local/bin/bcda ", f"{true} ").replace("/usr/bin/logger ", f"{true} ")
            (work / unit.name).write_text(text)
        units = [work / "bcda-sync.service", work / "bcda-sync.timer", work / "bcda-tell@.service"]
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True)
        # It also says what is wrong with units of the machine.
        own = [line for line in done.stderr.splitlines() if "bcda" in line]
        check("systemd-analyze", own, [])
        calendar = settings("bcda-sync.timer")["OnCalendar"][0]
        subprocess.run(["systemd-analyze", "calendar", calendar], check=True, capture_output=True)
    print("ok: systemd")


class Fails(Exception):
    """Airflow's, in the stand-in."""


class FailsForGood(Fails):
    pass


class Skips(Fails):
    pass


def airflow_without_airflow():
    sdk, exceptions = types.ModuleType("airflow.sdk"), types.ModuleType("airflow.sdk.exceptions")
    tasks = []
    sdk.task = lambda function: lambda *arguments: tasks.append(function.__name__)
    sdk.dag = lambda **options: lambda function: function
    exceptions.AirflowException, exceptions.AirflowFailException, exceptions.AirflowSkipException = Fails, FailsForGood, Skips
    sdk.exceptions = exceptions
    sys.modules.update({"airflow": types.ModuleType("airflow"), "airflow.sdk": sdk, "airflow.sdk.exceptions": exceptions})
    return tasks


def check_airflow(work):
    tasks = None
    if importlib.util.find_spec("airflow") is None:
        tasks = airflow_without_airflow()
    else:
        os.environ.setdefault("AIRFLOW_HOME", str(work / "airflow"))
    spec = importlib.util.spec_from_file_location("bcda_sync", SCHEDULE / "airflow" / "bcda_sync.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if tasks is None:
        dag = module.bcda_sync()
        check("airflow: tasks", sorted(dag.task_ids), ["sync", "tell_of_rejects"])
        check("airflow: retries", dag.get_task("sync").retries > 0, True)
    else:
        check("airflow: tasks", tasks, ["sync", "tell_of_rejects"])
    before = dict(os.environ)
    for code, fate in FATES.items():
        os.environ.update(stand_in(work, [code]))
        try:
            found = SUCCESS if module.sync() == code else "another code"
        except module.AirflowFailException:
            found = TELL
        except module.AirflowException:
            found = AGAIN
        check(f"airflow: {code}", found, fate)
        check(f"airflow: {code}", asked(work), ["sync dir"])
    os.environ.clear()
    os.environ.update(before)
    for code, skipped in ((0, True), (3, False)):
        try:
            module.tell_of_rejects(code)
            found = False
        except module.AirflowSkipException:
            found = True
        check(f"airflow: rejects {code}", found, skipped)
    print(f"ok: airflow{', with a stand-in for it' if tasks else ''}")


with tempfile.TemporaryDirectory() as work:
    work = pathlib.Path(work)
    sys.dont_write_bytecode = True
    check_cron(work)
    check_systemd(work)
    check_airflow(work)
