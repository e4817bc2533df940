"""Runs the program as its users do: class Exporter, and readers of what it serves."""

import os
import re
import signal
import subprocess
from pathlib import Path

from server_process import HttpServer, free_port, wait_until

__all__ = ["Exporter", "HttpServer", "PROGRAM", "SANITIZED", "SOURCE_DIR", "free_port", "parse_labels", "parse_metrics", "run",
           "wait_until"]

SOURCE_DIR = Path(__file__).resolve().parents[2]
# A program under sanitizers takes memory of its own: what a test says of memory is not asked then.
SANITIZED = "ASAN_OPTIONS" in os.environ
PROGRAM = os.environ.get("USAGE_EXPORTER", str(SOURCE_DIR / "build/ci/usage_exporter"))

SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')


def run(*arguments, timeout=300, **options):
    """One call of the program to its end; text on stdout and stderr."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        capture_output=True, text=True, timeout=timeout, **options)


def parse_labels(text):
    labels, position = [], 0
    while position < len(text):
        match = LABEL.match(text, position)
        if not match:
            raise ValueError(f"not a label list: {text!r}")
        labels.append((match[1], re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), match[2])))
        position = match.end()
    return tuple(sorted(labels))


def parse_metrics(page):
    """{(name, ((label, value), …)): float}. A line that is neither comment nor sample, or a series
    that comes twice, is a ValueError."""
    samples = {}
    for line in page.splitlines():
        if not line or line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        if not match:
            raise ValueError(f"not a sample line: {line!r}")
        key = (match[1], parse_labels(match[2] or ""))
        if key in samples:
            raise ValueError(f"duplicate series: {line!r}")
        samples[key] = float(match[3])
    return samples


class Exporter(HttpServer):
    """The program with a config of its own, on a free loopback port, in a temporary folder.

        with Exporter(config_text) as exporter: exporter.metrics()

    `verb` may be "demo", which needs no config. Waits until /-/ready answers 200, unless wait=False.
    """
    NAME = "exporter"

    def __init__(self, config=None, *flags, verb="serve", host="127.0.0.1", wait=True, env=None,
                 folder=None, port=None):
        super().__init__(folder, port, host)
        self.config_path = self.folder / "config.yml"
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self.port}"
        command = [PROGRAM, verb, f"--web.listen-address={shown}:{self.port}",
                   f"--storage.path={self.folder / 'data'}"]
        if config is not None:
            self.config_path.write_text(config, encoding="utf-8")
            command.append(f"--config.file={self.config_path}")
        self.launch([*command, *flags], os.environ | (env or {}), wait)

    def page(self):
        return self.get("/metrics").text

    def metrics(self):
        return parse_metrics(self.page())

    def value(self, name, **labels):
        """The one sample of that name whose labels include `labels`; None if there is none."""
        found = [value for (sample, sample_labels), value in self.metrics().items()
                 if sample == name and labels.items() <= dict(sample_labels).items()]
        if len(found) > 1:
            raise AssertionError(f"{len(found)} samples of {name} with {labels}")
        return found[0] if found else None

    def reload(self):
        self.process.send_signal(signal.SIGHUP)
