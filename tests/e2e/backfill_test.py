"""The numbers of the past as OpenMetrics, in a real Prometheus, against `once --at`."""

import contextlib
import datetime
import os
import pty
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from demo_sql import fill, write_config
from exporter import PROGRAM, SAMPLE, parse_metrics, run
from prometheus import Prometheus

# What tells how the reading goes is of now and has no past.
OF_NOW = re.compile(r"usage_(source|backfill|recount)_|usage_exporter_|process_")


def text_of(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class BackfillTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="usage_exporter_")
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = Path(cls.temporary.name)
        dsn = f"sqlite:{cls.folder / 'demo.db'}"
        launch = fill(dsn)
        cls.config = write_config(cls.folder)
        cls.env = {**os.environ, "USAGE_DSN": dsn, "USAGE_DEMO_LAUNCH": launch}
        cls.launch = datetime.datetime.fromisoformat(launch.replace("Z", "+00:00"))

    maxDiff = None

    def setUp(self):
        self.out = Path(tempfile.mkdtemp(dir=self.folder)) / "history.om"

    def backfill(self, *flags, config=None, **options):
        return run("backfill", f"--config.file={config or self.config}", *flags, env=self.env, timeout=1800, **options)

    def day(self, days):
        return self.launch + datetime.timedelta(days=days)

    def once(self, at):
        done = run("once", f"--config.file={self.config}", "--collector=usage", f"--at={text_of(at)}", env=self.env)
        self.assertEqual(done.returncode, 0, done.stderr)
        # To Prometheus, an empty label is none.
        return {(name, tuple(label for label in labels if label[1])): value
                for (name, labels), value in parse_metrics(done.stdout).items() if not OF_NOW.match(name)}

    def test_prometheus_has_the_numbers_of_once(self):
        done = self.backfill(f"--from={text_of(self.day(-1))}", f"--to={text_of(self.day(74.75))}", "--step=6h",
                             f"--output={self.out}", "--label=job=usage", "--label=instance=app:9108")
        self.assertEqual(done.returncode, 0, done.stderr)
        command = done.stdout.splitlines()[-1].removeprefix("Next: ")
        data = self.out.parent / "data"
        self.assertIn("PROMETHEUS_DATA", command)
        made = subprocess.run(command.replace("PROMETHEUS_DATA", str(data)).split(), capture_output=True, text=True,
                              timeout=300, check=False)
        self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
        with Prometheus({}, data=data) as prometheus:
            for days in (-1, -0.5, 0, 0.25, 7, 13.75, 29.5, 60, 74.75):
                with self.subTest(days=days):
                    at = self.day(days)
                    series = prometheus.query('{__name__=~"usage_.+"}', time=at.timestamp())
                    for labels, _ in series:
                        self.assertEqual((labels.pop("job"), labels.pop("instance")), ("usage", "app:9108"))
                    found = {(labels.pop("__name__"), tuple(sorted(labels.items()))): value
                             for labels, value in series}
                    self.assertGreater(len(found), 100)
                    once = self.once(at)
                    self.assertEqual({key: (found.get(key), once.get(key)) for key in found.keys() | once.keys()
                                      if found.get(key) != once.get(key)}, {})
            counters = {labels["__name__"] for labels, _ in prometheus.query(
                '{__name__=~"usage_.+_(total|count|bucket|sum)"}', time=self.day(74).timestamp())}
            self.assertIn("usage_uses_total", counters)
            for counter in counters:
                [(_, resets)] = prometheus.query(f"max(resets({counter}[80d]))", time=self.day(74.75).timestamp())
                self.assertEqual(resets, 0, counter)

    def test_each_series_is_in_one_piece_and_each_family_too(self):
        done = self.backfill(f"--from={text_of(self.day(20))}", f"--to={text_of(self.day(22))}", "--step=12h")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[-1], "# EOF")
        self.assertEqual(lines.count("# EOF"), 1)
        families, last, points = [], None, {}
        for line in lines[:-1]:
            if line.startswith("# TYPE "):
                families.append(line.split()[2])
                continue
            if line.startswith("#"):
                continue
            start, time = line.rsplit(" ", 1)
            name, labels, _ = SAMPLE.match(start).groups()
            self.assertTrue(name.startswith(families[-1]), line)
            # The lines of a histogram at one instant belong together.
            kind = re.sub(r"_(bucket|sum|count)$", "", name) if "_seconds_" in name or "_bytes_" in name else name
            metric = (kind, re.sub(r',?le="[^"]*"', "", labels or ""))
            if metric != last:
                self.assertNotIn(metric, points, "a metric in two pieces")
                points[metric] = []
            last = metric
            points[metric].append(int(time))
        self.assertEqual(len(families), len(set(families)))
        for metric, times in points.items():
            self.assertEqual(times, sorted(times), metric)
            self.assertLessEqual(len(set(times)), 5)

    def test_a_short_step_repeats_the_numbers_of_the_hour(self):
        done = self.backfill(f"--from={text_of(self.day(30))}", f"--to={text_of(self.day(30.125))}", "--step=15m")
        self.assertEqual(done.returncode, 0, done.stderr)
        ends = [line.split(" ")[1:] for line in done.stdout.splitlines()
                if line.startswith('usage_window_end_timestamp_seconds{window="7d"}')]
        begin = int(self.day(30).timestamp())
        self.assertEqual([int(time) for _, time in ends], list(range(begin, begin + 10801, 900)))
        self.assertEqual([float(end) for end, _ in ends], [begin + i // 4 * 3600 for i in range(13)])

    def test_counters_rise_when_the_table_is_older_than_the_history(self):
        short = self.out.with_name("short.yml")
        short.write_text(self.config.read_text() + "\nhistory: 10d\n")
        done = self.backfill(f"--from={text_of(self.day(20))}", f"--to={text_of(self.day(60))}", "--step=1d",
                             config=short)
        self.assertEqual(done.returncode, 0, done.stderr)
        values = [float(line.split(" ")[1]) for line in done.stdout.splitlines()
                  if line.startswith('usage_uses_total{feature="export"}')]
        self.assertEqual(len(values), 41)
        self.assertGreater(values[0], 0)
        self.assertEqual(values, sorted(values))

    def test_a_year_of_hours_fits_in_little_memory(self):
        with subprocess.Popen([PROGRAM, "backfill", f"--config.file={self.config}", f"--from={text_of(self.day(-290))}",
                               f"--to={text_of(self.day(75))}", f"--output={self.out}"],
                              stdout=subprocess.PIPE, text=True, env=self.env) as program:
            told = program.stdout.read()
            _, status, used = os.wait4(program.pid, 0)
            program.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(program.returncode, 0)
        self.assertIn(f"{365 * 24 + 1} instants", told)
        samples = int(re.search(r"(\d+) samples", told)[1])
        self.assertTrue(5e6 < samples < 7.5e6 and 4e8 < self.out.stat().st_size < 7e8, told)
        self.out.unlink()
        self.assertLess(used.ru_maxrss, 64 * 1024)  # KiB

    def test_on_a_terminal_a_bar_says_how_far_it_is(self):
        master, slave = pty.openpty()
        with subprocess.Popen([PROGRAM, "backfill", f"--config.file={self.config}", f"--from={text_of(self.day(0))}",
                               f"--to={text_of(self.day(75))}", f"--output={self.out}"],
                              stdout=subprocess.DEVNULL, stderr=slave, env=self.env) as program:
            os.close(slave)
            seen = b""
            with contextlib.suppress(OSError):  # how a terminal ends
                while piece := os.read(master, 65536):
                    seen += piece
            self.assertEqual(program.wait(120), 0)
        os.close(master)
        self.assertRegex(seen, rb"reading the history of app \[=* *\] +\d+%")
        self.assertRegex(seen, rb"computing every instant \[=* *\] +\d+%")
        # Nothing of it stays.
        self.assertRegex(seen, rb"\r *\r$")

    def test_what_cannot_be_done_is_said(self):
        at = text_of(self.day(30))
        cases = [
            (["--from=2020-01-02", "--to=2020-01-01"], 1, "--from=2020-01-02T00:00:00Z lies after 2020-01-01"),
            ([f"--from={at}", "--to=2100-01-01"], 1, "--to=2100-01-01T00:00:00Z lies in the future"),
            (["--from=2020-01-01", "--step=1s"], 1, "take a longer step or less time"),
            ([f"--from={at}", f"--output={self.folder}/none/h.om"], 1, "No such file or directory"),
            ([f"--from={at}", "--label=job"], 1, "--label needs a name and a value"),
            ([f"--from={at}", "--label=9=x"], 1, "--label needs a name and a value"),
            ([f"--from={at}", "--label=le=x"], 1, "series have a label of this name already"),
            ([f"--from={at}", "--label=a=x", "--label=a=y"], 1, "series have a label of this name already"),
            ([], 2, "--from is required"),
            ([f"--from={at}", "--step=0s"], 2, '"0s" is not DURATION'),
            ([f"--from={at}", "--step=100ms"], 2, '"100ms" is not DURATION'),
        ]
        for flags, code, message in cases:
            with self.subTest(flags=flags):
                done = self.backfill(*flags)
                self.assertEqual((done.returncode, done.stdout), (code, ""))
                self.assertIn(message, done.stderr)

    def test_a_failure_leaves_no_file(self):
        config = self.out.with_name("wrong.yml")
        config.write_text(self.config.read_text().replace("table: shared_reports", "table: nowhere"))
        done = self.backfill(f"--from={text_of(self.day(30))}", f"--output={self.out}", config=config)
        self.assertEqual(done.returncode, 1)
        self.assertIn("nowhere", done.stderr)
        self.assertEqual([path.name for path in self.out.parent.iterdir()], ["wrong.yml"])


if __name__ == "__main__":
    unittest.main()
