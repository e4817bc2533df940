"""The clients of Segment, RudderStack and PostHog send to the exporter as they come from npm, while
answers get lost and the exporter is killed: every event is counted once."""

import collections
import contextlib
import http.client
import os
import shutil
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from exporter import SOURCE_DIR, Exporter, free_port, wait_until
from server_process import Handler, Listener

KEY = "0123456789abcdef"
CONFIG = """
sources:
  web_events:
    ingest:
      keys: [{{name: test, key: {key}}}]
      allow_origins: ["{origin}"]
refresh: 1s
privacy: {{k_anonymity: 1}}
windows: [1d]
features:
  export:
    source: web_events
    event: Export Used
    dimensions:
      format: {{column: properties.format, allow: [csv, png]}}
      client: {{column: properties.client, allow: [segment, rudderstack, posthog, browser]}}
"""
NODE_CLIENTS = ("segment", "rudderstack", "posthog")
COUNT = 24
BROWSER_COUNT = 12  # by each of two ways
BUILD = Path(os.environ.get("BUILD_DIR", SOURCE_DIR / "build/ci"))


def install():
    """The folder with the clients, installed from the lock file once a build folder."""
    folder = BUILD / "sdk"
    folder.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json", "send.mjs", "page.html"):
        shutil.copy(SOURCE_DIR / "tests/sdk" / name, folder)
    lock, installed = folder / "package-lock.json", folder / "installed.json"
    if not installed.exists() or installed.read_bytes() != lock.read_bytes():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, check=True,
                       capture_output=True, timeout=300)
        shutil.copy(lock, installed)
    return folder


class Road:
    """What lies between clients and the exporter: a proxy that sometimes answers 503, before or after
    the request went through, and sometimes kills the exporter as soon as that has answered 200."""

    def __init__(self, exporter_of_port):
        self.port = free_port()
        self._start = lambda: exporter_of_port(self.port)
        self.exporter = self._start()
        self.counts = collections.Counter()
        self.rough = True
        self.failures = []
        self._lock = threading.Lock()

    def pass_on(self, method, path, headers, body):
        """Status, headers and body; None when nobody is there."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def note_others(self):
        """Events that no feature asks for; the exporter counts them since its start."""
        self.counts["other"] += self.exporter.value("usage_ingest_events_total", result="other")

    def kill(self):
        self.note_others()
        self.exporter.kill9()
        self.exporter = self._start()
        self.counts["killed"] += 1

    def answer(self, method, path, headers, body):
        if method == "OPTIONS" or not self.rough:
            return self.pass_on(method, path, headers, body)
        with self._lock:
            self.counts["requests"] += 1
            number = self.counts["requests"]
            if number % 4 == 1:
                self.counts["not passed on"] += 1
                return None
            if number % 17 == 8:
                answer = self.pass_on(method, path, headers, body)
                if answer and answer[0] == 200:
                    self.kill()
                return answer
        answer = self.pass_on(method, path, headers, body)
        if number % 4 == 3 and answer and answer[0] == 200:
            self.counts["answer lost"] += 1
            return None
        return answer


def handler_of(road):
    class Proxy(Handler):
        def forward(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items()
                       if name.lower() not in ("host", "connection", "content-length")}
            answer = road.answer(self.command, self.path, headers, body)
            if answer is None:
                origin = self.headers.get("Origin")
                self.answer(503, b"", [("Access-Control-Allow-Origin", origin)] if origin else [])
                return
            status, found, body = answer
            if status not in (200, 204):
                road.failures.append((self.path, status, body))
            self.answer(status, body, [(name, value) for name, value in found
                                       if name.lower() not in ("connection", "content-length", "date")])
        do_POST = do_OPTIONS = forward
    return Proxy


def pages_of(folder, sent):
    class Pages(Handler):
        def do_GET(self):
            path = self.path.split("?")[0]
            if path == "/page.html":
                return self.answer(200, (folder / "page.html").read_bytes(), [("Content-Type", "text/html")])
            script = folder / "node_modules/@segment/analytics-next/dist/umd" / Path(path).name
            if path.startswith("/umd/") and script.exists():
                return self.answer(200, script.read_bytes(), [("Content-Type", "text/javascript")])
            return self.answer(404)

        def do_POST(self):
            sent.set()
            self.answer(204)
    return Pages


class SdkTest(unittest.TestCase):
    def setUp(self):
        for program in ("node", "npm", "chromium"):
            if not shutil.which(program):
                self.fail(f"{program} is not installed; run scripts/setup --tests")
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.folder = install()
        self.storage = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="usage_exporter_"))

    def run_browser(self, url):
        profile = self.stack.enter_context(
            tempfile.TemporaryDirectory(prefix="chromium_", ignore_cleanup_errors=True))
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                   "--disable-background-networking", "--disable-component-update", "--disable-sync",
                   "--remote-debugging-port=0", f"--user-data-dir={profile}", url]
        browser = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.stack.callback(lambda: (browser.terminate(), browser.wait(10)))
        return browser

    def test_each_event_is_counted_once(self):
        sent = threading.Event()
        pages = self.stack.enter_context(Listener(pages_of(self.folder, sent)))
        origin = f"http://127.0.0.1:{pages.port}"
        config = CONFIG.format(key=KEY, origin=origin)
        road = Road(lambda port: self.stack.enter_context(
            Exporter(config, folder=self.storage, port=port)))
        proxy = self.stack.enter_context(Listener(handler_of(road)))
        url = f"http://127.0.0.1:{proxy.port}"

        self.run_browser(f"{origin}/page.html?key={KEY}&api=127.0.0.1:{proxy.port}/v1&count={BROWSER_COUNT}")
        nodes = [subprocess.Popen(["node", "send.mjs", client, url, KEY, str(COUNT)], cwd=self.folder,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                 for client in NODE_CLIENTS]
        for client, node in zip(NODE_CLIENTS, nodes):
            output, _ = node.communicate(timeout=300)
            self.assertEqual(node.returncode, 0, f"{client}: {output}")
        self.assertTrue(sent.wait(120), "the browser's client did not send everything")
        road.rough = False

        wanted = {client: COUNT for client in NODE_CLIENTS} | {"browser": 2 * BROWSER_COUNT}

        def uses():
            return {client: road.exporter.value("usage_dimension_uses_total", dimension="client", value=client)
                    for client in wanted}
        wait_until(lambda: uses() == wanted, f"{wanted} in /metrics")
        total = sum(wanted.values())
        page = road.exporter.metrics()

        def value(name, **labels):
            found = [number for (sample, sample_labels), number in page.items()
                     if sample == name and labels.items() <= dict(sample_labels).items()]
            return found[0] if len(found) == 1 else None
        self.assertEqual(value("usage_uses_total", feature="export"), total)
        self.assertEqual(value("usage_feature_users", feature="export", window="1d"), 3 * 7 + 1)
        self.assertEqual(road.failures, [])
        # All that was to go wrong has gone wrong.
        self.assertGreater(road.counts["not passed on"], 5, road.counts)
        self.assertGreater(road.counts["answer lost"], 5, road.counts)
        self.assertGreater(road.counts["killed"], 1, road.counts)
        road.note_others()
        self.assertGreater(road.counts["other"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
