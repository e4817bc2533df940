"""Runs the program as its users do: class Exporter, and readers of what it serves."""

import http.client
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

SOURCE_DIR = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("USAGE_EXPORTER", str(SOURCE_DIR / "build/release/usage_exporter"))

SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')


def free_port(host="127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=20.0, every=0.05):
    """Returns the first true result of condition(); AssertionError naming `what` at the end."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(every)


def run(*arguments, timeout=60, **options):
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


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8")


class Exporter:
    """The program with a config of its own, on a free loopback port, in a temporary folder.

        with Exporter(config_text) as exporter: exporter.metrics()

    `verb` may be "demo", which needs no config. Waits until /-/ready answers 200, unless
    wait=False. Leaving the block stops the program, hard if it will not go.
    """

    def __init__(self, config=None, *flags, verb="serve", host="127.0.0.1", wait=True, env=None,
                 folder=None, port=None):
        self.host, self.port = host, port or free_port(host)
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="usage_exporter_")
        self.folder = Path(folder or self._temporary.name)
        self.config_path = self.folder / "config.yml"
        shown = f"[{host}]" if ":" in host else host
        arguments = [PROGRAM, verb, f"--web.listen-address={shown}:{self.port}",
                     f"--storage.path={self.folder / 'data'}"]
        if config is not None:
            self.config_path.write_text(config, encoding="utf-8")
            arguments.append(f"--config.file={self.config_path}")
        self.url = f"http://{shown}:{self.port}"
        self._log = open(self.folder / "exporter.log", "a+", encoding="utf-8")
        self.process = subprocess.Popen(
            [*arguments, *flags], stdout=self._log, stderr=self._log, cwd=self.folder,
            env={**os.environ, **(env or {})})
        if wait:
            try:
                self.wait_ready()
            except BaseException:
                self.close()
                raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def wait_ready(self, seconds=60.0):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}:\n{self.logs()}")
            try:
                return self.get("/-/ready").status == 200
            except OSError:
                return False
        wait_until(ready, f"/-/ready of {self.url}", seconds)

    def request(self, method, path, headers=None, timeout=20):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return Response(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path, headers=None):
        return self.request("GET", path, headers)

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

    def logs(self):
        return (self.folder / "exporter.log").read_text(encoding="utf-8")

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self, seconds=10.0):
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(seconds)

    def kill9(self):
        self.process.kill()
        return self.process.wait(10)

    def close(self):
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.kill9()
        self._log.close()
        if self._temporary:
            self._temporary.cleanup()
