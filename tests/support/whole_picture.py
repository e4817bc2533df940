"""What compose.yaml starts, without containers: its commands, with this machine's addresses and folders."""

import datetime
import os
import subprocess

import yaml

import rules
from exporter import PROGRAM, SOURCE_DIR, Exporter, free_port
from prometheus import Prometheus
from servers import Postgres

COMPOSE, DEMO = SOURCE_DIR / "compose.yaml", SOURCE_DIR / "config/demo.yml"


def services():
    return yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]


class WholePicture:
    """A filled database, the exporter, and a Prometheus that scrapes it, has its past and evaluates the shipped
    rules. As a `with` block; `postgres`, `exporter` and `prometheus` are the servers.

    The demo was launched `age` days ago. `steps` are (days ago, step): the past begins at the first, and from
    each on has one sample a step. `scrape` is the interval. What the exporter serves is `config`, the demo's if None.
    """

    def __init__(self, folder, age, steps, scrape="5s", config=None):
        self.config = config or DEMO.read_text(encoding="utf-8")
        self.today = datetime.datetime.now(datetime.timezone.utc)  # also when it ends meanwhile
        self.launch, self.steps, self.scrape, self.folder = self.days_ago(age), steps, scrape, folder
        self.port = free_port()
        self.servers = []

    def __enter__(self):
        try:
            self.postgres = self._opened(Postgres())
            self.env = {"USAGE_DSN": self.postgres.dsn(), "USAGE_DEMO_LAUNCH": self.launch}
            self._run(self.command("fill"))
            self._make_past()
            self.exporter = self._opened(Exporter(self.config, env=self.env, port=self.port))
            self.prometheus = self._opened(Prometheus(
                {"usage": f"127.0.0.1:{self.port}"}, interval=self.scrape, data=self.folder / "prometheus",
                rule_files=rules.rule_files()))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        while self.servers:
            self.servers.pop().close()

    def days_ago(self, days):
        """A day as YYYY-MM-DD, in UTC."""
        return (self.today - datetime.timedelta(days=days)).strftime("%Y-%m-%d")

    def _opened(self, server):
        self.servers.append(server)
        return server

    def command(self, name):
        """The command of a service as it is run here."""
        service = services()[name]
        return [self._here(word) for word in service.get("entrypoint") or [PROGRAM, *service["command"]]]

    def _here(self, word):
        for there, here in (
                ("postgresql://postgres@localhost/postgres", self.env["USAGE_DSN"]),
                ("localhost:9108", f"127.0.0.1:{self.port}"),
                ("/etc/usage_exporter/config.yml", str(DEMO)),
                ("/history/", f"{self.folder}/"), ("/prometheus", str(self.folder / "prometheus"))):
            word = word.replace(there, here)
        if word.startswith("--demo.launch="):
            return f"--demo.launch={self.launch}"
        return f"--from={self.launch}T00:00:00Z" if word.startswith("--from=") else word

    def _make_past(self):
        ends = [days for days, _ in self.steps[1:]]
        for (begin, step), end in zip(self.steps, [*ends, None]):
            words = [word for word in self.command("history") if not word.startswith("--from=")]
            words += [f"--from={self.days_ago(begin)}T00:00:00Z", f"--step={step}"]
            self._run([*words, f"--to={self.days_ago(end + 1)}T23:00:00Z"] if end is not None else words)
            self._run(self.command("blocks"))

    def _run(self, command):
        done = subprocess.run(command, env=os.environ | self.env, capture_output=True, text=True, timeout=3600,
                              check=False)
        if done.returncode != 0:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
