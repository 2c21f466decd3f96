"""Seconds, CPU seconds and memory of a command, and of the machine itself."""
import hashlib, os, pathlib, platform, subprocess, threading, time


def measure(command, tree=False):
    """Runs a command (a list, or a shell pipeline as text) to its end.

    CPU seconds are user and system time of the process and of all children it waited for. Peak memory is that of the
    largest process, or with `tree` of all processes together, looked at every 50 ms.

    The peak the system reports for a child starts at the size of its parent at the time: so this program imports
    nothing large.
    """
    shell = isinstance(command, str)
    started = time.perf_counter()
    process = subprocess.Popen(["bash", "-o", "pipefail", "-c", command] if shell else command, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, start_new_session=True)
    watch = Watch(process.pid) if tree else None
    stderr = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss / 1024
    if watch:
        peak = max(peak, watch.stop())
    if process.returncode != 0:
        raise RuntimeError(f"{command} failed with {process.returncode}:\n{stderr.decode(errors='replace')}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": peak}


class Watch(threading.Thread):
    """Resident memory of a session's processes together. Pages they share count once each: an upper bound."""

    def __init__(self, session):
        super().__init__(daemon=True)
        self.session, self.peak, self.running = session, 0, True
        self.start()

    def run(self):
        while self.running:
            self.peak = max(self.peak, sum(self.resident()))
            time.sleep(0.05)

    def resident(self):
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.session:
                    yield int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20
            except (OSError, IndexError):
                continue

    def stop(self):
        self.running = False
        self.join()
        return self.peak


def calibrate():
    """A fixed piece of work that touches no memory to speak of: what differs between its runs is the machine."""
    block = bytes(1 << 16)
    wall, cpu = time.perf_counter(), time.process_time()
    digest = hashlib.sha256()
    for _ in range(6000):
        digest.update(block)
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "load": os.getloadavg()[0]}


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    memory = next(int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith("MemTotal")) / 2**20
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "memory_gib": round(memory, 1),
            "system": f"{platform.system()} {platform.release().split('-')[0]}", "python": platform.python_version()}
