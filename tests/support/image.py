"""Builds a Dockerfile for real, without a daemon and without pulling: Debian's buildah with chroot
isolation, on a base image made by debootstrap. Needs root."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

BASE = "docker.io/library/debian:bookworm-slim"
CERTIFICATES = Path("/usr/local/share/ca-certificates")


def missing_tools():
    """What is not there to build an image with; empty when all is."""
    missing = [tool for tool in ("buildah", "debootstrap") if not shutil.which(tool)]
    if os.geteuid() != 0:
        missing.append("root")
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    if not any(line.split()[4] == "/" for line in mounts):
        missing.append("a root that is a mount point, which that of a plain chroot is not")
    return missing


class Images:
    """Images in a storage of their own, so that the machine's are left alone. The base image stays
    in `folder` for the next run; everything else goes."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._built = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.buildah("rm", "--all")
        for tag in self._built:
            self.buildah("rmi", "--force", tag)

    def buildah(self, *arguments, timeout=900):
        """One call; its stdout. AssertionError with the end of its output when it fails."""
        storage = ["--root", self.folder / "root", "--runroot", self.folder / "run",
                   "--storage-driver", "vfs"]
        result = subprocess.run(
            ["buildah", *map(str, [*storage, *arguments])], text=True, timeout=timeout,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env={**os.environ, "BUILDAH_ISOLATION": "chroot", "LC_ALL": "C"})
        if result.returncode:
            raise AssertionError(f"buildah {' '.join(map(str, arguments))}:\n{result.stdout[-4000:]}")
        return result.stdout.strip()

    def make_base(self):
        """The image that the Dockerfile builds on, from the machine's own Debian mirror."""
        if f"{BASE}\n" in self.buildah("images", "--format", "{{.Name}}:{{.Tag}}") + "\n":
            return
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            root = Path(folder) / "root"
            subprocess.run(["debootstrap", "--variant=minbase", "--include=ca-certificates",
                            "bookworm", root], check=True, stdout=subprocess.DEVNULL, timeout=600)
            # Certificates of the machine's own network, where it has any.
            if CERTIFICATES.is_dir():
                shutil.copytree(CERTIFICATES, root / CERTIFICATES.relative_to("/"),
                                dirs_exist_ok=True)
                subprocess.run(["chroot", root, "update-ca-certificates"], check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            shutil.rmtree(root / "var/cache/apt")
            container = self.buildah("from", "--pull-never", "scratch")
            mounted = self.buildah("mount", container)
            subprocess.run(["cp", "-a", f"{root}/.", mounted], check=True)
            self.buildah("umount", container)
            self.buildah("commit", "-q", "--rm", container, BASE)

    def build(self, context, tag):
        self._built.append(tag)
        return self.buildah("bud", "--pull-never", "--format", "docker", "-t", tag, context,
                            timeout=1200)

    def size_mb(self, tag):
        """Of all layers together, as the image is stored."""
        container = self.buildah("from", "--pull-never", tag)
        mounted = self.buildah("mount", container)
        size = subprocess.run(["du", "-sxm", mounted], check=True, text=True,
                              capture_output=True).stdout.split()[0]
        self.buildah("rm", container)
        return int(size)
