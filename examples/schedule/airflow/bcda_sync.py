"""A DAG for Airflow 3: `bcda sync` every week, with its exit codes.

BCDA_DIR names the folder that bcda sync keeps, and BCDA the program, where the tasks run.
"""

import datetime
import logging
import os
import subprocess

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

log = logging.getLogger(__name__)

REJECTS = 3
# Asked for what cannot be, and bad data: trying again does not help.
TELL_SOMEBODY = (2, 4)


def sync():
    """Runs `bcda sync`, and gives its exit code: 0, or 3 where something is missing or was rejected."""
    command = [os.environ.get("BCDA", "bcda"), "sync", os.environ["BCDA_DIR"]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        try:
            for line in child.stdout:
                log.info(line.rstrip())
            code = child.wait()
        except BaseException:
            # The task is ended. What is complete stays, and the next try goes on.
            child.terminate()
            raise
    if code in (0, REJECTS):
        return code
    if code in TELL_SOMEBODY:
        raise AirflowFailException(f"bcda sync: exit code {code} needs somebody to look at it")
    # 5: the server or the network. 1, 130, 143 and signals: it failed or was ended, and goes on where it stood.
    raise AirflowException(f"bcda sync: exit code {code}, to be tried again")


def tell_of_rejects(code):
    """Is there to be seen, and to be connected with what reaches a person; skipped where nothing was rejected."""
    if code != REJECTS:
        raise AirflowSkipException("nothing was rejected")
    log.warning("bcda sync is done, but something is missing or was rejected: see the log of the task before")


@dag(
    schedule="0 6 * * 1",
    start_date=datetime.datetime(2026, 1, 5, tzinfo=datetime.timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 5,
        "retry_delay": datetime.timedelta(minutes=15),
        "retry_exponential_backoff": True,
        "max_retry_delay": datetime.timedelta(hours=6),
    },
)
def bcda_sync():
    task(tell_of_rejects)(task(sync)())


bcda_sync()
