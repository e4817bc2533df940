#!/usr/bin/python3
"""Runs what a date could break at COUNT dates, in another time zone each: the fixed dates first, then random ones of the next
two years. Ends with 1 when anything failed.

    tests/dates.py COUNT [--seed SEED] [--build DIR] [--only REGEX]
    tests/dates.py --at 2027-01-17T23:59:50Z --zone Asia/Kathmandu [--build DIR] [--only REGEX]

Debian's datefudge moves the wall clock of everything that a test starts, and leaves alone what waits are measured with.
faketime does not serve: with the monotonic clock moved, the exporter's scheduler waits for months (it waits by
pthread_cond_clockwait, which faketime does not know); with --exclude-monotonic, Python's time.sleep() fails with EINVAL.
"""
import argparse
import concurrent.futures
import datetime
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Ten seconds before something ends, so that it does within the tests.
FIXED = (
    ("2027-01-17T23:59:50Z", "Asia/Kathmandu", "Sunday, just before midnight"),
    ("2028-02-29T12:00:00Z", "America/New_York", "leap day"),
    ("2027-03-28T00:59:50Z", "Europe/Berlin", "clocks go forward in Europe"),
    ("2027-10-31T00:59:50Z", "Europe/Berlin", "clocks go back in Europe"),
    ("2027-03-14T06:59:50Z", "America/New_York", "clocks go forward in the USA"),
    ("2027-11-07T05:59:50Z", "America/New_York", "clocks go back in the USA"),
    ("2026-12-31T23:59:50Z", "Pacific/Apia", "New Year"),
    ("2027-01-02T15:00:00Z", "Europe/Berlin", "ISO week 53"),
    ("2027-06-13T08:30:00Z", "Pacific/Apia", "Sunday"),
)
ZONES = ("America/New_York", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Berlin", "Pacific/Apia",
         "UTC")
GO = "Prometheus, which is written in Go, asks the kernel for the time: no preloaded library can move its clock"
# All tests that are not named here are run; each of these was tried.
NO_DATE = "passes, but neither it nor what it starts asks what day it is"
LEFT_OUT = {
    "alerts_test": f"fails: the rules ask for time(); {GO}",
    "compose_test": f"fails: what is scraped must join the past; {GO}",
    "dashboards_test": NO_DATE,
    "faults_test": NO_DATE,
    "image_test": "builds an image for ten minutes, in which there is no date",
    "nothing_lost_test": "passes, but takes minutes; late_rows_test has the same product",
    "pgbouncer_test": NO_DATE,
    "reload_test": NO_DATE,
    "rules_test": NO_DATE,
    "schema_test": NO_DATE,
}
PATIENCE = 1800  # seconds for a test


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tests/dates.py", description="Runs what a date could break at several dates.")
    parser.add_argument("count", nargs="?", type=int, help="how many dates")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6),
                        help="of the random dates, as an earlier run printed it on the same day")
    parser.add_argument("--at", help="one date instead, such as 2027-01-17T23:59:50Z")
    parser.add_argument("--zone", default="UTC", choices=ZONES, help="the time zone with --at")
    parser.add_argument("--build", type=Path, default=ROOT / "build/ci", help="the build folder (default build/ci)")
    parser.add_argument("--only", default="", help="the tests whose names match this regular expression")
    arguments = parser.parse_args()
    if (arguments.count is None) == (arguments.at is None) or (arguments.count is not None and arguments.count < 1):
        parser.error("give a number of dates from 1, or one date with --at")
    return arguments


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def dates(arguments):
    """[(instant, zone, what it is)]"""
    if arguments.at:
        return [(instant(arguments.at), arguments.zone, "given")]
    chosen = [(instant(text), zone, what) for text, zone, what in FIXED[:arguments.count]]
    if arguments.count > len(FIXED):
        print(f"dates: seed {arguments.seed}", flush=True)
    dice = random.Random(arguments.seed)
    today = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(arguments.count - len(FIXED)):
        at = today + datetime.timedelta(seconds=dice.randrange(2 * 365 * 86400))
        chosen.append((at, dice.choice(ZONES), "random"))
    return chosen


def tests(build, only):
    """{name: command}"""
    found = {path.stem: ["/usr/bin/python3", path] for path in sorted((ROOT / "tests/e2e").glob("*_test.py"))}
    unknown = LEFT_OUT.keys() - found.keys()
    if unknown:
        sys.exit(f"dates: LEFT_OUT names tests that do not exist: {', '.join(sorted(unknown))}")
    found["unit_tests"] = [build / "tests/unit_tests", "--gtest_brief=1"]
    found["integration_tests"] = ["/usr/bin/python3", ROOT / "tests/support/with_postgres.py",
                                  build / "tests/integration_tests"]
    chosen = {name: command for name, command in found.items() if name not in LEFT_OUT and re.search(only, name)}
    if not chosen:
        sys.exit(f"dates: no test's name matches {only!r}")
    return chosen


def run(command, at, zone, build):
    """(whether it passed, its seconds, what it said)."""
    env = os.environ | {"TZ": zone, "LC_ALL": "de_DE.UTF-8", "PYTHONPATH": str(ROOT / "tests/support"),
                        "PYTHONDONTWRITEBYTECODE": "1", "USAGE_EXPORTER": str(build / "usage_exporter"),
                        "BUILD_DIR": str(build)}
    begun = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(["datefudge", f"@{at.timestamp():.0f}", *command], env=env, start_new_session=True,
                                   stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        try:
            code = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        said.seek(0)
        return code == 0, time.monotonic() - begun, said.read().decode("utf-8", "replace")


def main():
    arguments = parse_arguments()
    build = arguments.build.resolve()
    chosen = tests(build, arguments.only)
    jobs = [(at, zone, what, name) for at, zone, what in dates(arguments) for name in chosen]
    counts = {True: 0, False: 0}

    def job(at, zone, what, name):
        passed, seconds, said = run(chosen[name], at, zone, build)
        counts[passed] += 1
        date = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        line = f"{date} {zone:19} {what:28} {name:22} {'passed' if passed else 'FAILED'} {seconds:4.0f} s"
        if not passed:
            line += f"\n{said}\nagain: tests/dates.py --at {date} --zone {zone} --build {build} --only '^{name}$'"
        print(line, flush=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in [pool.submit(job, *parts) for parts in jobs]:
            done.result()
    print(f"dates: {counts[True]} passed, {counts[False]} failed", flush=True)
    return 1 if counts[False] else 0


if __name__ == "__main__":
    sys.exit(main())
