"""Lines that real loggers write are read with no more than the path of their files."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from exporter import SOURCE_DIR, Exporter, wait_until

COUNT = 40
# By the name of the log: the result of its events.
LOGS = {"pino": "event", "winston": "event", "jsonlogger": "event", "asctime": "event", "extra_adder": "event",
        "structlog": "event", "winston_default": "no_time", "plain": "invalid"}
SOURCE = "  {name}: {{log: {{paths: [{folder}/{name}.log], naive_time_zone: {zone}}}}}\n"
FEATURE = """  {name}:
    source: {name}
    event: Export Used
    dimensions: {{format: {{allow: [csv]}}}}
    duration: {{column: duration_ms, unit: ms, buckets: [1, 2]}}
"""


def install(folder):
    """pino and winston as the lock file has them, once a build folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "write.mjs"):
        shutil.copy(SOURCE_DIR / "tests/loggers" / name, folder)
    if not (folder / "node_modules/.package-lock.json").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, check=True,
                       capture_output=True, timeout=300)
    return folder


class LoggersTest(unittest.TestCase):
    def test_what_loggers_write_is_read(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="loggers_"))
        node = install(Path(os.environ.get("BUILD_DIR", SOURCE_DIR / "build/ci")) / "loggers")
        subprocess.run(["node", node / "write.mjs", folder, str(COUNT)], check=True, timeout=60)
        subprocess.run(["/usr/bin/python3", SOURCE_DIR / "tests/loggers/write.py", folder, str(COUNT)], check=True,
                       timeout=60)
        # `asctime` is local time without a zone.
        zone = os.environ.get("TZ", "UTC")
        config = "windows: [1d]\nrefresh: 1s\nprivacy: {k_anonymity: 1}\nsources:\n" + "".join(
            SOURCE.format(name=name, folder=folder, zone=zone if name == "asctime" else "UTC") for name in LOGS)
        config += "features:\n" + "".join(FEATURE.format(name=name) for name in LOGS)
        with Exporter(config) as exporter:
            for name, result in LOGS.items():
                with self.subTest(name):
                    wait_until(lambda name=name, result=result: (exporter.value(
                        "usage_log_lines_total", source=name, result=result) or 0) >= COUNT, f"lines of {name}", 10)
            page = wait_until(lambda: exporter.value("usage_feature_users", feature="pino", window="1d")
                              and exporter.metrics(), "users", 10)
        for name, result in LOGS.items():
            with self.subTest(name):
                read = result == "event"
                self.assertEqual(page.get(("usage_uses", (("feature", name), ("window", "1d"))), 0),
                                 COUNT if read else 0)
                if read:
                    self.assertEqual(page["usage_feature_users", (("feature", name), ("window", "1d"))], COUNT)
                    self.assertEqual(page["usage_dimension_uses", (
                        ("dimension", "format"), ("feature", name), ("value", "csv"), ("window", "1d"))], COUNT)
                    self.assertEqual(page["usage_log_lines_total", (("result", "no_time"), ("source", name))], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
