"""The Dockerfile, built and run for real. Exits 77, which ctest reports as skipped, where there is
nothing to build images with."""

import json
import os
import subprocess
import sys
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from exporter import SOURCE_DIR, free_port, parse_metrics, wait_until
from image import Images, missing_tools

SKIPPED = 77
TAG = "localhost/usage_exporter:test"
MAX_MB = 250  # Debian's base alone takes about 150 when made by debootstrap


def build_folder():
    return Path(os.environ.get("BUILD_DIR", SOURCE_DIR / "build/ci")) / "images"


class ImageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.images = cls.enterClassContext(Images(build_folder()))
        cls.images.make_base()
        cls.images.build(SOURCE_DIR, TAG)
        cls.config = json.loads(cls.images.buildah("inspect", "--type", "image", TAG))["Docker"][
            "config"]

    def start(self, *arguments):
        """The entry point with arguments, as the image's own user."""
        container = self.images.buildah("from", "--pull-never", TAG)
        storage = ["--root", self.images.folder / "root", "--runroot", self.images.folder / "run",
                   "--storage-driver", "vfs"]
        process = subprocess.Popen(
            ["buildah", *map(str, storage), "run", container, "--", *self.config["Entrypoint"],
             *arguments], stdin=subprocess.DEVNULL,
            env={**os.environ, "BUILDAH_ISOLATION": "chroot", "LC_ALL": "C"})
        self.addCleanup(self.stop, process)
        return container, process

    def stop(self, process):
        process.terminate()
        process.wait(30)

    def run_in(self, container, *command):
        return self.images.buildah("run", container, "--", *command)

    def test_what_the_image_declares(self):
        self.assertEqual(self.config["User"], "65534:65534")
        self.assertEqual(list(self.config["ExposedPorts"]), ["9108/tcp"])
        self.assertEqual(self.config["Entrypoint"], ["usage_exporter"])
        self.assertIn("--config.file=/etc/usage_exporter/config.yml", self.config["Cmd"])
        self.assertEqual(self.config["Healthcheck"]["Test"][:3],
                         ["CMD", "usage_exporter", "probe"])

    def test_it_is_small(self):
        size = self.images.size_mb(TAG)
        base = self.images.size_mb("docker.io/library/debian:bookworm-slim")
        print(f"image: {size} MB, of which Debian's base {base} MB", file=sys.stderr)
        self.assertLess(size, MAX_MB)

    def test_no_compiler_went_along(self):
        container = self.images.buildah("from", "--pull-never", TAG)
        found = self.run_in(container, "sh", "-c",
                            "ls /src /usr/bin/g++ /usr/bin/cmake /usr/include/stdio.h 2>&1; true")
        self.assertEqual(found.count("No such file"), 4, found)

    def test_the_demo_runs_as_nobody(self):
        port = free_port()
        container, process = self.start("demo", f"--web.listen-address=127.0.0.1:{port}")
        url = f"http://127.0.0.1:{port}"

        def page():
            self.assertIsNone(process.poll(), "the container ended")
            try:
                with urllib.request.urlopen(f"{url}/-/ready", timeout=5):
                    pass
                with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
                    return answer.read().decode()
            except (urllib.error.URLError, OSError):
                return None

        samples = parse_metrics(wait_until(page, "the demo to be ready", 90, every=0.2))
        self.assertGreater(len(samples), 50)
        self.assertEqual({tuple(uids) for uids in self.uids_of(port)}, {("65534",) * 4})
        self.run_in(container, "usage_exporter", "probe", f"{url}/-/healthy")
        with self.assertRaises(AssertionError):
            self.run_in(container, "usage_exporter", "probe", f"{url}/none")

    def uids_of(self, port):
        """Real, effective, saved and file system uid of the program that was told to use `port`."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().split(b"\0")
                if command[0].endswith(b"usage_exporter") and str(port).encode() in b" ".join(
                        command):
                    status = (folder / "status").read_text()
                    yield next(line for line in status.splitlines()
                               if line.startswith("Uid:")).split()[1:]
            except OSError:
                pass


if __name__ == "__main__":
    if missing_tools():
        print(f"SKIP: building an image needs {', '.join(missing_tools())}", file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
