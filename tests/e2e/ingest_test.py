"""Events over HTTP, as curl or a client of one's own sends them: what is kept, over restarts, reloads
and trouble, and what hostile senders can do."""

import concurrent.futures
import contextlib
import datetime
import gzip
import http.client
import json
import re
import socket
import sqlite3
import tempfile
import threading
import time
import unittest
from pathlib import Path

from exporter import SANITIZED, Exporter, free_port, parse_metrics, run, wait_until

KEY = "0123456789abcdef"
CONFIG = """
sources:
  web_events:
    ingest:
      keys: [{name: test, key: "${WRITE_KEY}"}]
      max_batch_bytes: 65536
refresh: 1s
privacy: {k_anonymity: 1}
windows: [1d]
features:
  export:
    source: web_events
    event: Export Used
    dimensions: {format: {column: properties.format, allow: [csv, png]}}
"""
ENV = {"WRITE_KEY": KEY}
AUTH = {"Authorization": f"Bearer {KEY}"}
HUNG_UP = (BrokenPipeError, ConnectionResetError)
BODY_TIMEOUT = 20  # seconds that a body may take
ORDINARY_MB = 100  # more than it takes without hostile senders, less than any of their bodies inflated


def track(message, user="u1", **more):
    return {"type": "track", "event": "Export Used", "userId": user, "messageId": message,
            "properties": {"format": "csv"}, **more}


class IngestTest(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="usage_exporter_"))
        self.port = free_port()

    def start(self, config=CONFIG):
        return self.stack.enter_context(Exporter(config, folder=self.folder, port=self.port, env=ENV))

    def post(self, exporter, body, path="/v1/batch", headers=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return exporter.request("POST", path, AUTH if headers is None else headers, body=data)

    def send(self, exporter, *messages, **more):
        answer = self.post(exporter, {"batch": [track(message, **more) for message in messages]})
        self.assertEqual((answer.status, json.loads(answer.text)), (200, {"success": True}))

    def uses_become(self, exporter, wanted):
        wait_until(lambda: exporter.value("usage_uses_total", feature="export") == wanted,
                   f"{wanted} uses")

    def test_each_message_counts_once_over_restarts(self):
        exporter = self.start()
        self.send(exporter, "a", "b")
        exporter.kill9()  # at once: what was answered is on the disk
        exporter = self.start()
        self.send(exporter, "b", "c")
        self.uses_become(exporter, 3)
        self.assertEqual(exporter.value("usage_ingest_events_total", result="duplicate"), 1)
        # Late, into buckets that were read long ago.
        late = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=3)
        self.send(exporter, "d", timestamp=late.isoformat())
        self.uses_become(exporter, 4)
        exporter.stop()
        exporter = self.start()
        self.send(exporter, "a", "b", "c", "d")
        self.assertEqual(exporter.value("usage_ingest_events_total", result="duplicate"), 4)
        self.uses_become(exporter, 4)
        self.assertEqual(exporter.value("usage_dimension_uses_total", value="csv"), 4)
        # Of what nobody reads nothing is kept.
        self.post(exporter, {"batch": [track("e", event="Other"), track("f", email="x@example.com")]})
        with contextlib.closing(sqlite3.connect(Path(self.folder) / "data/events.db")) as journal:
            rows = journal.execute("SELECT event, fields FROM events").fetchall()
        self.assertEqual(set(rows), {("Export Used", '{"properties.format":"csv"}')})

    def test_the_addresses_and_keys_of_the_config(self):
        exporter = self.start()
        self.assertEqual(self.post(exporter, track("a"), "/v1/track").status, 200)
        self.assertEqual(self.post(exporter, track("a"), headers={"Authorization": "Bearer wrong"}).status, 401)
        self.assertEqual(exporter.get("/v1/track").status, 405)
        own = free_port()
        keys = '[{name: test, key: "${WRITE_KEY}"}, {name: next, key: another-key}]'
        moved = CONFIG.replace('[{name: test, key: "${WRITE_KEY}"}]', f'{keys}\n      listen_address: "127.0.0.1:{own}"')

        def reload(config):
            exporter.config_path.write_text(config)
            before = exporter.logs().count("config reloaded")
            exporter.reload()
            wait_until(lambda: exporter.logs().count("config reloaded") > before, "the reload")

        def at_own(headers):
            connection = http.client.HTTPConnection("127.0.0.1", own, timeout=60)
            with contextlib.closing(connection):
                connection.request("POST", "/v1/track", json.dumps(track("b")), headers)
                return connection.getresponse().status
        reload(moved)
        self.assertEqual(self.post(exporter, track("b")).status, 404)
        self.assertEqual(at_own({"Authorization": "Bearer another-key"}), 200)
        self.assertEqual(at_own(AUTH), 200)
        reload(moved.replace("another-key", "a-newer-key"))
        self.assertEqual(at_own({"Authorization": "Bearer another-key"}), 401)
        # An address that is taken is no reason to lose the sources that work.
        exporter.config_path.write_text(moved.replace(str(own), str(self.port)))
        exporter.reload()
        wait_until(lambda: "reload refused" in exporter.logs(), "the refusal")
        self.assertEqual(at_own(AUTH), 200)
        reload(CONFIG)
        self.assertRaises(OSError, at_own, AUTH)
        self.assertEqual(self.post(exporter, track("c")).status, 200)
        self.uses_become(exporter, 3)
        self.assertNotIn(KEY, exporter.logs() + exporter.page())

    def test_it_does_not_start_without_a_key_or_a_folder(self):
        path = Path(self.folder) / "config.yml"
        path.write_text(CONFIG.replace('[{name: test, key: "${WRITE_KEY}"}]', "[]"))
        refused = run("serve", f"--config.file={path}", f"--storage.path={self.folder}")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("without a key it does not start", refused.stderr)
        path.write_text(CONFIG.replace("${WRITE_KEY}", KEY))
        refused = run("serve", f"--config.file={path}")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("start with --storage.path", refused.stderr)
        self.assertNotIn(KEY, refused.stderr)

    def test_a_journal_that_cannot_be_written_is_said_so(self):
        exporter = self.start()
        self.send(exporter, "a")
        with contextlib.closing(sqlite3.connect(Path(self.folder) / "data/events.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = self.post(exporter, {"batch": [track("b")]})
            self.assertEqual((answer.status, answer.headers["Retry-After"]), (503, "10"))
            self.assertEqual(exporter.get("/metrics").status, 200)
            other.rollback()
        self.send(exporter, "b")
        self.uses_become(exporter, 2)
        self.assertIn("events are turned away", exporter.logs())

    def test_hostile_senders_disturb_nobody(self):
        exporter = self.start()
        self.send(exporter, "a")
        pid = exporter.process.pid

        def peak_mb():
            status = Path(f"/proc/{pid}/status").read_text()
            return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
        slow = []
        stop = threading.Event()

        def trickle():
            for _ in range(100):
                client = socket.create_connection(("127.0.0.1", self.port))
                client.sendall(b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n")
                slow.append(client)
            while not stop.wait(0.5):
                for client in slow:
                    with contextlib.suppress(OSError):
                        client.send(b" ")
        thread = threading.Thread(target=trickle)
        thread.start()
        pages = []

        def scrape():
            while not stop.is_set():
                begun = time.monotonic()
                parse_metrics(exporter.page())
                pages.append(time.monotonic() - begun)
                time.sleep(0.1)
        scraper = threading.Thread(target=scrape)
        scraper.start()
        try:
            wait_until(lambda: len(slow) == 100, "slow clients")
            self.hostile_requests(exporter)
        finally:
            stop.set()
            thread.join()
            scraper.join()
            for client in slow:
                client.close()
        self.assertGreater(len(pages), 5)
        # Nobody waits until the slow bodies are given up.
        self.assertLess(max(pages), BODY_TIMEOUT / 2)
        if not SANITIZED:
            self.assertLess(peak_mb(), ORDINARY_MB)
        wait_until(lambda: self.post(exporter, {"batch": [track("b")]}).status == 200, "room for events")
        self.uses_become(exporter, 2)

    def hostile_requests(self, exporter):
        bomb = gzip.compress(bytes(2 ** 25))
        self.assertLess(len(bomb), 2 ** 16)
        wrong = {"Authorization": "Bearer wrong"}

        def sender(body, headers, wanted):
            def send():
                # While slow clients hold what places there are for bodies, it is asked to come again; on a busy machine
                # the server hangs up before all of a refused body is sent.
                try:
                    answer = self.post(exporter, body, headers=headers)
                except HUNG_UP:
                    return 503
                self.assertIn(answer.status, (wanted, 503), answer.text)
                return answer.status
            return send
        senders = [sender(bomb, AUTH, 413), sender(b"[" * 60000, AUTH, 400),
                   sender(b"[" * 1000000, AUTH, 413), sender(b'{"event":"\xff\xfe"}', AUTH, 400),
                   sender(b"\x1f\x8b nonsense", AUTH, 400), sender(b"{}", {}, 401)] * 20
        senders += [sender(b"{}", wrong, 401)] * 2000
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda send: send(), senders))
        self.assertEqual(answers[-2000:], [401] * 2000)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection), contextlib.suppress(*HUNG_UP):
            connection.request("POST", "/v1/batch", b"{}", {"X": "x" * 20000})
            self.assertIn(connection.getresponse().status, (400, 431))

        def all_answered():
            return all(send() != 503 for send in senders[:6])
        wait_until(all_answered, "the slow clients to be given up")


if __name__ == "__main__":
    unittest.main(verbosity=2)
