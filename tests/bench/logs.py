"""Lines a second from a log file to a metric: `scripts/bench logs`."""

import json
import pathlib
import random
import re
import resource
import statistics
import subprocess
import tempfile
import time

MTAIL = r"""
counter lines
counter exports by format
/$/ {
  lines++
}
/"event":"Export Used".*"format":"(?P<format>[a-z]+)"/ {
  exports[$format]++
}
"""
CONFIG = """
sources: {{app: {{log: {{paths: ["{folder}/app.json"]}}, timeout: 10m}}}}
refresh: 1s
features:
  export: {{source: app, event: Export Used, dimensions: {{format: {{allow: [csv, png, xlsx, pdf]}}}}}}
"""
SHARES = {"every line is an event that is kept": 1.0, "one of ten lines is": 0.1}


def write_log(path, lines, share):
    """As pino writes them, over the last day; how many are exports."""
    dice = random.Random(1)
    now = int(time.time() * 1000)
    exports = 0
    with path.open("w", encoding="utf-8") as log:
        for i in range(lines):
            exported = dice.random() < share
            exports += exported
            log.write(json.dumps({
                "level": 30, "time": now - 86_400_000 * (lines - i) // lines, "pid": 4711, "hostname": "web-1",
                "event": "Export Used" if exported else "Page Viewed", "user_id": f"user-{dice.randrange(50_000)}",
                "format": dice.choice(["csv", "png", "xlsx", "pdf"]), "duration_ms": dice.randrange(5000),
                "msg": "exported a report"}, separators=(",", ":")) + "\n")
    return exports


def run(command):
    """Seconds, CPU seconds, peak megabytes, what it printed."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
        begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        with subprocess.Popen(list(map(str, command)), stdout=out, stderr=subprocess.DEVNULL) as process:
            peak = 0
            while process.poll() is None:
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
                found = re.search(r"VmHWM:\s+(\d+) kB", status)
                peak = max(peak, int(found.group(1)) / 1024 if found else 0)
                time.sleep(0.01)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        out.seek(0)
        return (time.monotonic() - begun, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak,
                out.read())


def exports_of(page):
    return sum(int(float(value)) for value in re.findall(
        r'^usage_dimension_uses_total\{.*dimension="format".*\} (\S+)$', page, re.M))


def exports_of_mtail(text):
    """Its one shot prints its store as JSON."""
    store = json.loads(text[text.index("{"):])
    return sum(value["Value"]["Value"] for value in store["exports"][0]["LabelValues"])


def logs(build, arguments):
    print("| log | program | lines /s | µs of CPU a line | peak MB | ours ÷ it, lines /s | its CPU ÷ ours |")
    print("|---" * 7 + "|")
    for name, share in SHARES.items():
        with tempfile.TemporaryDirectory(prefix="usage-bench-") as temporary:
            folder = pathlib.Path(temporary)
            exports = write_log(folder / "app.json", arguments.lines, share)
            (folder / "app.mtail").write_text(MTAIL, encoding="utf-8")
            (folder / "config.yml").write_text(CONFIG.format(folder=folder), encoding="utf-8")
            commands = {
                "usage_exporter": ([build / "usage_exporter", "once", f"--config.file={folder}/config.yml"], exports_of),
                "mtail": (["mtail", "--one_shot", f"--progs={folder}/app.mtail", f"--logs={folder}/app.json",
                           f"--log_dir={folder}"], exports_of_mtail)}
            taken = {program: [] for program in commands}
            for _ in range(arguments.rounds):  # alternating, so that what disturbs falls on both
                for program, (command, count) in commands.items():
                    *numbers, text = run(command)
                    if count(text) != exports:
                        raise RuntimeError(f"{program} counted {count(text)} exports of {exports}")
                    taken[program].append(numbers)
            ours = taken["usage_exporter"]
            for program, rounds in taken.items():
                seconds, cpu, peak = (statistics.median(column) for column in zip(*rounds))
                ratios = "|  |  " if rounds is ours else "| {:.2f} | {:.2f} ".format(
                    statistics.median(its[0] / mine[0] for mine, its in zip(ours, rounds)),
                    statistics.median(its[1] / mine[1] for mine, its in zip(ours, rounds)))
                print(f"| {name} | {program} | {arguments.lines / seconds:,.0f} | {cpu / arguments.lines * 1e6:.2f} "
                      f"| {peak:.0f} {ratios}|")
