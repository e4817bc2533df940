"""A private PostgreSQL for tests, in its own temporary folder, on its own loopback port."""

import contextlib
import os
import pathlib
import pwd
import signal
import subprocess

from server_process import Server, free_port, wait_until

__all__ = ["Postgres", "free_port"]


class Postgres(Server):
    """A PostgreSQL cluster that exists as long as the object, or its `with` block.

    Logins of role `postgres` are trusted; every other role needs its password (SCRAM).
    """
    NAME = "postgres"

    def __init__(self):
        self._bin = _postgres_binaries()
        self._owner = "postgres" if os.geteuid() == 0 else None
        if self._owner:
            try:
                owner = pwd.getpwnam(self._owner)
            except KeyError:
                raise RuntimeError("PostgreSQL does not run as root, and there is no user `postgres` to "
                                   "run it as; install the package postgresql") from None
        super().__init__()
        try:
            if self._owner:
                os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self._data = self.folder / "data"
            self._run([self._bin / "initdb", "-D", self._data, "-U", "postgres", "-A", "scram-sha-256",
                       "-E", "UTF8", "--no-locale", "--no-sync", "--pwfile", self._bootstrap_password()])
            (self._data / "pg_hba.conf").write_text(
                "local all postgres trust\n"
                "host all postgres 127.0.0.1/32 trust\n"
                "host all all 127.0.0.1/32 scram-sha-256\n")
            with open(self._data / "postgresql.conf", "a", encoding="utf-8") as settings:
                settings.write(
                    "listen_addresses = '127.0.0.1'\n"
                    f"port = {self.port}\n"
                    f"unix_socket_directories = '{self.folder}'\n"
                    "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
                    "max_connections = 40\nshared_buffers = 64MB\nmax_wal_size = 2GB\n"
                    "password_encryption = 'scram-sha-256'\n"
                    "timezone = 'America/New_York'\n")  # nothing may depend on the server's zone
        except BaseException:
            self.close()
            raise
        self.start()

    def dsn(self, user="postgres", password=None, database="postgres"):
        login = user if password is None else f"{user}:{password}"
        return f"postgresql://{login}@127.0.0.1:{self.port}/{database}"

    def psql(self, sql, database="postgres"):
        """Runs the text in one session; gives what psql prints: unaligned, no headers."""
        return subprocess.run(
            [self._bin / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port),
             "-U", "postgres", "-d", database],
            input=sql, check=True, capture_output=True, text=True, env=_plain_environment()).stdout

    def session(self, database="postgres"):
        """A connection that stays: see Session. The caller closes it."""
        return Session([self._bin / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1",
                        "-p", str(self.port), "-U", "postgres", "-d", database])

    def start(self):
        """Does nothing to a server that runs."""
        if not self.running():
            self.launch(self._as_owner([self._bin / "postgres", "-D", self._data]), _plain_environment())

    def ready(self):
        return subprocess.run([self._bin / "pg_isready", "-q", "-h", self.host, "-p", str(self.port)],
                              check=False, env=_plain_environment()).returncode == 0

    def stop(self, mode="fast"):
        """`fast` ends all sessions in order, `immediate` leaves a recovery to the next start."""
        if self.running():
            self.process.send_signal({"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode])
        return self.process.wait(self.PATIENCE)

    def kill(self):
        """As a power cut: every process of the cluster dies at once. start() recovers it."""
        if not self.running():
            return
        postmaster = self.process.pid
        os.kill(postmaster, signal.SIGSTOP)  # it must not start anything while its children die
        children = [int(pid) for pid in subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(postmaster)], capture_output=True, text=True,
            check=False).stdout.split()]
        for pid in [*children, postmaster]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)
        wait_until(lambda: not any(map(_alive, children)), "the server's processes to be gone")

    def close(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self.running():
                self.stop("immediate")
        super().close()

    def _bootstrap_password(self):
        path = self.folder / "bootstrap"
        path.write_text("unused\n")
        path.chmod(0o644)
        return path

    def _as_owner(self, command):
        if not self._owner:
            return command
        return ["setpriv", f"--reuid={self._owner}", f"--regid={self._owner}", "--init-groups", *command]

    def _run(self, command):
        command = [str(part) for part in self._as_owner(command)]
        result = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, text=True, check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=_plain_environment())
        if result.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed:\n{result.stdout}")


class Session:
    """One psql on one connection, for transactions that stay open."""

    def __init__(self, command):
        self._process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env=_plain_environment())

    def run(self, sql):
        """The lines that the statements print, once they are done."""
        self._process.stdin.write(f"{sql};\n\\echo done\n")
        self._process.stdin.flush()
        lines = []
        for line in self._process.stdout:
            if line == "done\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise RuntimeError("psql ended:\n" + "\n".join(lines))

    def close(self):
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _plain_environment():
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return environment | {"LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _postgres_binaries():
    found = [path.parent for path in pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not found:
        raise RuntimeError("PostgreSQL's server programs are missing (no /usr/lib/postgresql/*/bin/initdb); "
                           "install them with: apt-get install postgresql")
    return max(found, key=lambda path: int(path.parent.name))
