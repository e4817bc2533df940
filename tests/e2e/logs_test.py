"""Logs become facts, every line once: whatever the writer, the rotation and kill -9 do."""

import gzip
import json
import os
import random
import shutil
import tempfile
import threading
import time
import unittest
from pathlib import Path

from exporter import SANITIZED, Exporter, run, wait_until

LINES = 100_000
KILLS = 100
CONFIG = """
sources:
  app:
    timeout: 30s
    log: {{paths: ["{folder}/app.json*"], rotate_wait: 100ms}}
refresh: 1s
privacy: {{k_anonymity: 1}}
windows: [1d]
recount:
  - {{younger_than: 2h, every: 1s}}
  - {{every: 1h}}
features:
  export: {{source: app, event: Export Used, dimensions: {{format: {{allow: [csv, png]}}}}}}
"""


def line_of(number):
    return json.dumps({"level": 30, "time": int(time.time() * 1000), "event": "Export Used", "n": number,
                       "user_id": f"person{number % 50}@example.org", "format": "csv" if number % 2 else "png",
                       "message": "x" * (number % 90)}) + "\n"


class Writer(threading.Thread):
    """Writes lines into app.json, sometimes in halves, and rotates it in every way there is."""

    def __init__(self, folder, lines, until):
        super().__init__()
        self.folder, self.lines, self.until = Path(folder), lines, until
        self.path = self.folder / "app.json"
        self.dice = random.Random(3)
        self.written = 0
        self.rotations = {"rename": 0, "copytruncate": 0, "gzip": 0}
        self.failure = None

    def shift(self):
        numbers = sorted({int(path.name.split(".")[2]) for path in self.folder.glob("app.json.*")}, reverse=True)
        for number in numbers:
            for suffix in ("", ".gz"):
                path = self.folder / f"app.json.{number}{suffix}"
                if path.exists():
                    path.rename(self.folder / f"app.json.{number + 1}{suffix}")
        return self.folder / "app.json.1"

    def rename(self):
        self.path.rename(self.shift())

    def copytruncate(self):
        shutil.copyfile(self.path, self.shift())
        os.truncate(self.path, 0)

    def gzip(self):
        plain = [path for path in self.folder.glob("app.json.*") if path.suffix != ".gz"]
        if plain:
            path = self.dice.choice(plain)
            with path.open("rb") as text, gzip.open(f"{path}.gz", "wb", 6) as packed:
                shutil.copyfileobj(text, packed, 4096)
            path.unlink()

    def write(self, text):
        with self.path.open("a", encoding="utf-8") as log:
            log.write(text)

    def write_some(self):
        count = min(self.dice.randrange(1, 600), self.lines - self.written)
        text = "".join(line_of(self.written + number) for number in range(count))
        half = self.dice.randrange(len(text))
        self.write(text[:half])
        if self.dice.random() < 0.3:
            time.sleep(self.dice.uniform(0, 0.02))
        self.write(text[half:])
        self.written += count

    def run(self):
        try:
            while self.written < self.lines:
                self.write_some()
                if self.dice.random() < 0.5:
                    how = self.dice.choice(list(self.rotations))
                    getattr(self, how)()
                    self.rotations[how] += 1
                # So that it lasts as long as the killing does.
                while self.written > self.lines * self.until() and self.written < self.lines:
                    time.sleep(0.005)
        except Exception as failure:  # pylint: disable=broad-exception-caught
            self.failure = failure


class LogsTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="logs_")))
        self.data = self.folder / "data"
        self.logs = self.folder / "logs"
        self.logs.mkdir()

    def start(self, **options):
        return Exporter(CONFIG.format(folder=self.logs), folder=self.folder, **options)

    def test_killed_at_random_instants_while_the_log_is_rotated(self):
        kills = 0
        writer = Writer(self.logs, LINES, lambda: (kills + 1) / KILLS)
        writer.start()
        dice = random.Random(4)
        begun = time.monotonic()
        for kills in range(KILLS):
            with self.start(wait=False) as exporter:
                time.sleep(dice.uniform(0.02, 0.45))
                self.assertIsNone(exporter.process.poll(), exporter.logs())
                exporter.kill9()
        kills = KILLS
        writer.join()
        self.assertIsNone(writer.failure)
        print(f"{KILLS} kills in {time.monotonic() - begun:.0f} s; {writer.rotations}", flush=True)
        self.assertGreater(min(writer.rotations.values()), 20, writer.rotations)

        with self.start() as exporter:
            wait_until(lambda: exporter.value("usage_uses_total", feature="export") == LINES,
                       f"{LINES} uses", 30)
            time.sleep(1.5)
            self.assertEqual(exporter.value("usage_uses_total", feature="export"), LINES)
            self.assertEqual(exporter.value("usage_log_lines_total", result="event"), LINES)
            self.assertEqual(exporter.value("usage_log_lines_total", result="invalid"), 0)
            self.assertEqual(exporter.value("usage_log_lost_bytes_total"), 0)
            self.assertEqual(exporter.value("usage_log_lag_bytes"), 0)
            self.assertEqual(exporter.value("usage_dimension_uses", value="csv", window="1d"), LINES / 2)
            self.assertGreater(exporter.value("usage_log_truncations_total"), 3)
            written = sum(len(path.read_bytes() if path.suffix != ".gz" else gzip.open(path).read())
                          for path in self.logs.glob("app.json*"))
            self.assertEqual(exporter.value("usage_log_read_bytes_total"), written)

    def test_once_and_check(self):
        config = self.folder / "config.yml"
        config.write_text(CONFIG.format(folder=self.logs), encoding="utf-8")
        missing = run("check", "--connect", f"--config.file={config}")
        self.assertNotEqual(missing.returncode, 0)
        self.assertIn(f"there is no file {self.logs}/app.json*", missing.stdout + missing.stderr)
        (self.logs / "app.json").write_text("".join(map(line_of, range(100))), encoding="utf-8")
        with gzip.open(self.logs / "app.json.1.gz", "wt") as packed:
            packed.write("".join(map(line_of, range(100, 150))))
        there = run("check", "--connect", f"--config.file={config}")
        self.assertEqual(there.returncode, 0, there.stdout + there.stderr)
        self.assertIn(str(self.logs / "app.json.1.gz"), there.stdout)
        once = run("once", f"--config.file={config}")
        self.assertIn('usage_uses{feature="export",window="1d"} 150\n', once.stdout, once.stderr)
        self.assertEqual(list(Path(tempfile.gettempdir()).glob("usage_exporter-*")), [])

    def test_late_lines_are_counted_though_their_hour_was_read(self):
        hours = [int(time.time() * 1000) - hour * 3_600_000 for hour in range(4, 20)]
        log = self.logs / "app.json"
        old = '{{"event":"Export Used","time":{},"user_id":1}}\n'
        log.write_text("".join(map(old.format, hours)), encoding="utf-8")
        with self.start() as exporter:
            wait_until(lambda: exporter.value("usage_uses_total", feature="export") == 16, "16 uses")
            with log.open("a", encoding="utf-8") as late:
                late.write("".join(map(old.format, hours)))
            wait_until(lambda: exporter.value("usage_uses_total", feature="export") == 32, "32 uses")

    def test_a_hostile_log_takes_no_memory(self):
        log = self.logs / "app.json"
        with log.open("wb") as hostile:
            hostile.write(line_of(0).encode())
            hostile.write(b'{"a":"')
            hostile.seek(1 << 30, os.SEEK_CUR)  # a line of 1 GiB
            hostile.write(b"\n" + b'{"event":' + b"[" * 1_000_000 + b"\n" + b'{"a":' * 150_000 + b"\n")
            hostile.write(b"\xff\xfe{\"event\"\n" + b"\0" * 5000 + line_of(1).encode())
            hostile.truncate(hostile.tell() + (1 << 30))  # a hole, as truncation under an open file leaves
            hostile.seek(0, os.SEEK_END)
            hostile.write(line_of(2).encode())
        with self.start() as exporter:
            wait_until(lambda: exporter.value("usage_uses_total", feature="export") == 3, "3 uses")
            self.assertEqual(exporter.value("usage_log_lines_total", result="too_long"), 1)
            self.assertEqual(exporter.value("usage_log_lines_total", result="invalid"), 3)
            status = Path(f"/proc/{exporter.process.pid}/status").read_text(encoding="ascii")
            peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
            print(f"a peak of {peak:.0f} MB", flush=True)
            if not SANITIZED:
                self.assertLess(peak, 80)

    def test_forget(self):
        (self.logs / "app.json").write_text("".join(map(line_of, range(100))), encoding="utf-8")
        with self.start() as exporter:
            wait_until(lambda: exporter.value("usage_uses_total", feature="export") == 100, "100 uses")
        person = "person7@example.org"
        self.assertIn(person.encode(), (self.data / "events.db").read_bytes())
        forgot = run("forget", f"--storage.path={self.data}", f"--user={person}")
        self.assertEqual(forgot.returncode, 0, forgot.stderr)
        for path in self.data.iterdir():
            self.assertNotIn(person.encode(), path.read_bytes(), path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
