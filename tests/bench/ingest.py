"""Events a second that are on the disk when they are answered: `scripts/bench ingest`."""

import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

from exporter import Exporter
from logs import MTAIL, run, write_log

CONFIG = """
sources: {web: {ingest: {keys: [{name: bench, key: 0123456789abcdef}]}}}
refresh: 1h
features:
  export: {source: web, event: Export Used, dimensions: {format: {column: properties.format, allow: [csv, png]}}}
"""
SCRIPT = pathlib.Path(__file__).with_suffix(".lua")
CONNECTIONS = (1, 32)


def syncs_a_second(folder, seconds=1.0):
    """What one writer gets from this disk: appends of 4 KB, each synced."""
    descriptor = os.open(folder / "sync", os.O_CREAT | os.O_WRONLY)
    begun, count = time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        os.write(descriptor, bytes(4096))
        os.fdatasync(descriptor)
        count += 1
    os.close(descriptor)
    return count / (time.monotonic() - begun)


def mtail_lines_a_second(folder, rounds, lines=200_000):
    """What mtail makes of a log of such events. It keeps nothing of them."""
    write_log(folder / "app.json", lines, 1.0)
    (folder / "app.mtail").write_text(MTAIL, encoding="utf-8")
    taken = [run(["mtail", "--one_shot", f"--progs={folder}/app.mtail", f"--logs={folder}/app.json",
                  f"--log_dir={folder}"])[0] for _ in range(rounds)]
    return lines / statistics.median(taken)


def stored(exporter):
    return exporter.value("usage_ingest_events_total", result="stored")


def measure(exporter, batch, connections, seconds, name):
    """Events a second, and the exporter's microseconds of CPU for each."""
    def cpu():
        fields = pathlib.Path(f"/proc/{exporter.process.pid}/stat").read_text(encoding="ascii").rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    before, used, begun = stored(exporter), cpu(), time.monotonic()
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"-s{SCRIPT}", f"http://127.0.0.1:{exporter.port}",
         "--", str(batch), name], check=True, capture_output=True, text=True).stdout
    taken = time.monotonic() - begun
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"wrk met errors:\n{output}")
    events = stored(exporter) - before
    sent = batch * int(re.search(r"(\d+) requests in", output)[1])
    if events < sent:
        raise RuntimeError(f"{sent} events were answered and {events:.0f} stored")
    return events / taken, (cpu() - used) / events * 1e6


def ingest(arguments):
    with tempfile.TemporaryDirectory(prefix="usage-bench-", dir=arguments.folder) as temporary:
        folder = pathlib.Path(temporary)
        print(f"One writer's synced appends on this disk: {syncs_a_second(folder):,.0f}/s.\n")
        mtail = mtail_lines_a_second(folder, arguments.rounds)
        print(f"mtail on a log of such events: {mtail:,.0f} lines/s.\n")
        print("| events a request | connections | events /s | requests /s | µs of CPU an event | ÷ mtail |")
        print("|---" * 6 + "|")
        with Exporter(CONFIG, folder=folder) as exporter:
            for batch in arguments.batches:
                for connections in CONNECTIONS:
                    rounds = [measure(exporter, batch, connections, arguments.seconds,
                                      f"{batch}-{connections}-{number}") for number in range(arguments.rounds)]
                    rate, cpu = (statistics.median(column) for column in zip(*rounds))
                    print(f"| {batch} | {connections} | {rate:,.0f} | {rate / batch:,.0f} | {cpu:.1f} | "
                          f"{rate / mtail:.2f} |", flush=True)
