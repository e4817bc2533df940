"""The demo's tables in SQLite, and statements about them as of an instant (business.sql, report.sql)."""
import datetime
import re
import sqlite3
from pathlib import Path

from exporter import SOURCE_DIR, run

SUPPORT = SOURCE_DIR / "tests/support"
# The story of a demo launched on this day is over: its rows are the same on every machine and day.
LAUNCH = "2025-09-12"


def patient_config():
    """The demo's config, which gives a busy machine time to read the tables."""
    shipped = (SOURCE_DIR / "config/demo.yml").read_text(encoding="utf-8")
    return shipped.replace("dsn: ${USAGE_DSN}", "dsn: ${USAGE_DSN}\n    timeout: 10m")


def write_config(folder, more=""):
    """The same with `more` at its end, as a file of the folder; its path."""
    path = Path(folder) / "demo.yml"
    path.write_text(patient_config() + more, encoding="utf-8")
    return path


def text(instant):
    return instant.strftime("%Y-%m-%d %H:%M:%S")


def statements(file):
    parts = re.split(r"^-- = ([\w ]+)\n", (SUPPORT / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def windows(at):
    day = datetime.timedelta(days=1)
    rows = [(f"{days}d", at - days * day, at, at - 2 * days * day) for days in (1, 7, 28, 30)]
    monday = datetime.datetime.combine(at.date() - at.weekday() * day, datetime.time())
    rows.append(("last_week", monday - 7 * day, monday, monday - 14 * day))
    rows.append(("this_week", monday, at, None))
    return [(label, text(first), text(stop), before and text(before)) for label, first, stop, before in rows]


def fill(dsn, launch=LAUNCH):
    """Fills a database with the demo's rows, launched 75 days ago if `launch` is None; its launch, as the config
    wants it."""
    flags = [f"--demo.launch={launch}"] if launch else []
    filled = run("demo", f"--into={dsn}", *flags, timeout=120)
    assert filled.returncode == 0, filled.stderr
    return filled.stdout.strip().rpartition("=")[2]


class DemoSql:
    def __init__(self, folder, launch=LAUNCH):
        path = Path(folder) / "demo.db"
        self.dsn = f"sqlite:{path}"
        self.launch = fill(self.dsn, launch)
        self.begin = datetime.datetime.fromisoformat(self.launch.replace("Z", ""))
        self.database = sqlite3.connect(path)
        self.statements = statements("business.sql")
        self.database.executescript(
            "CREATE TEMP TABLE now (at TEXT); CREATE TEMP TABLE launch (begin TEXT);"
            "CREATE TEMP TABLE windows (label TEXT, first TEXT, stop TEXT, before TEXT);"
            + self.statements.pop("prepare"))
        self.at_an_instant = self.statements.pop("at an instant")
        self.database.execute("INSERT INTO launch VALUES (?)", (text(self.begin),))

    def close(self):
        self.database.close()

    def ask_as_of(self, at):
        self.database.execute("DELETE FROM now")
        self.database.execute("INSERT INTO now VALUES (?)", (text(at),))
        self.database.execute("DELETE FROM windows")
        self.database.executemany("INSERT INTO windows VALUES (?, ?, ?, ?)", windows(at))
        self.database.executescript(self.at_an_instant)

    def ask(self, statement):
        """{((label, value), …): number}"""
        cursor = self.database.execute(statement)
        labels = [column[0] for column in cursor.description[:-1]]
        return {tuple(sorted(zip(labels, row[:-1]))): row[-1] for row in cursor}

    def wanted(self, metric):
        return self.ask(self.statements[metric])

    def one(self, statement):
        return self.database.execute(statement).fetchone()[0]
