"""What the exporter costs the database, itself and the disk: `scripts/bench refresh`."""

import contextlib
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from servers import Postgres, free_port

DAYS = 90
WINDOWS = [1, 7, 28, 30]
LIVE_DAYS = 3  # so long both tables of `same traffic` grow alike
REFRESH_SECONDS = 2
NEW_ROWS = 1000  # between two refreshes
COLUMNS = "created_at, user_id, format"


def tables_of(rows):
    """Rows by table: each size evenly over the days, and the smallest with the largest's traffic."""
    return {f"exports_{count}": count for count in rows} | {"exports_same_traffic": min(rows)}


def generate(postgres, table, count, users, live):
    """`live` rows of the last days, the others evenly before them; in the order of time."""
    start = f"(now() - interval '{LIVE_DAYS if live else 0} days')"
    parts = [(count - live, f"(now() - interval '{DAYS} days')", start)]
    if live:
        parts.append((live, start, "now()"))
    inserts = ";\n".join(
        f"INSERT INTO {table} (created_at, user_id, format) "
        f"SELECT {begin} + ({end} - {begin}) * (i / {rows}::float8), "
        f"1000000 + floor(random() * {users})::bigint, "
        f"(ARRAY['csv', 'png', 'xlsx', 'pdf'])[1 + floor(random() * 4)::int] "
        f"FROM generate_series(1, {rows}) AS i" for rows, begin, end in parts)
    postgres.psql(f"""
        SET TimeZone = 'UTC';  -- elsewhere 90 days may be an hour more, and rows lie in the future
        SELECT setseed(0.5);
        CREATE TABLE {table} (id bigserial PRIMARY KEY, created_at timestamptz NOT NULL,
                              user_id bigint NOT NULL, format text NOT NULL);
        {inserts};
        CREATE INDEX ON {table} (created_at);
        VACUUM ANALYZE {table};
        CREATE ROLE {table} LOGIN PASSWORD 'bench';
        GRANT SELECT ON {table} TO exporter, {table}""")


def start_database(postgres):
    postgres.psql("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
    postgres.stop()
    postgres.start()
    postgres.psql("CREATE EXTENSION pg_stat_statements")
    postgres.psql("ALTER SYSTEM SET pg_stat_statements.track_planning = on")
    postgres.psql("SELECT pg_reload_conf(); CREATE ROLE exporter LOGIN PASSWORD 'bench'")


def database_ms(postgres, role):
    """Planning and execution of everything that the role had run since the last reset."""
    return float(postgres.psql(
        "SELECT coalesce(sum(total_plan_time + total_exec_time), 0) FROM pg_stat_statements s "
        f"JOIN pg_roles r ON r.oid = s.userid WHERE rolname = '{role}'"))


def cpu_seconds(process):
    stat = pathlib.Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Exporter:
    """The real program on one table, its state in a folder of its own."""

    def __init__(self, program, postgres, table, arguments, role="exporter"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="usage-bench-"))
        features = "".join(f"""
  export_{number}:
    table: {table}
    time: created_at
    user: user_id
    dimensions: {{format: {{allow: [csv, png, xlsx, pdf]}}}}""" for number in range(arguments.features))
        population = "population: {users: {table: users, id: id, created_at: created_at}}"
        (self.folder / "bench.yml").write_text(f"""
sources: {{app: {{dsn: "{postgres.dsn(role, 'bench')}"}}}}
windows: [{', '.join(f'{days}d' for days in WINDOWS)}]
refresh: {REFRESH_SECONDS}s
{population if arguments.population else ''}
features:{features}
""", encoding="utf-8")
        self._port = free_port()
        self._log = open(self.folder / "log", "wb")  # pylint: disable=consider-using-with
        self._started = time.monotonic()
        self.process = subprocess.Popen(
            [program, f"--config.file={self.folder}/bench.yml", f"--storage.path={self.folder}/state",
             f"--web.listen-address=127.0.0.1:{self._port}"], stdout=self._log, stderr=self._log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self._log.close()
        shutil.rmtree(self.folder)

    def value(self, name):
        """Of the first series of the name on the page; None: not there yet."""
        with contextlib.suppress(OSError):
            page = urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics").read().decode()
            found = re.search(rf"^{name}(?:{{[^}}]*}})? (\S+)$", page, re.MULTILINE)
            return float(found.group(1)) if found else None
        return None

    def wait(self, name, wanted, pause=0.05):
        while not wanted(self.value(name)):
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(pause)

    def backfill_seconds(self):
        """From the start of the program until all is read, kept and shown."""
        self.wait("usage_backfill_progress_ratio", lambda value: value == 1)
        return time.monotonic() - self._started

    def next_refresh(self):
        name = "usage_source_last_success_timestamp_seconds"
        last = self.value(name)
        self.wait(name, lambda value: value != last, pause=0.2)

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def peak_megabytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024 / 1e6

    def state_megabytes(self):
        self.process.terminate()  # the file at rest
        self.process.wait()
        return sum(path.stat().st_size for path in (self.folder / "state").iterdir()) / 1e6


def bare_copy(build, postgres, table):
    """Seconds, CPU seconds, and the server's, of a reader that keeps nothing."""
    command = [build / "tests" / "bench_bare_copy", postgres.dsn(), f"SELECT {COLUMNS} FROM {table}"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [float(number) for number in printed.split()[1:]]


def server_cpu_seconds(postgres):
    """Of the process that serves the exporter."""
    return cpu_seconds(postgres.psql("SELECT pid FROM pg_stat_activity WHERE usename = 'exporter'").strip())


def plain_sql_ms(postgres, table):
    """What the same numbers of the same windows cost as SQL; the second time, with warm caches."""
    queries = []
    for days in WINDOWS:
        where = f"FROM {table} WHERE created_at >= now() - interval '{days} days'"
        queries += [f"SELECT count(*), count(DISTINCT user_id) {where}",
                    f"SELECT format, count(*), count(DISTINCT user_id) {where} GROUP BY format"]
    for _ in range(2):
        postgres.psql("SELECT pg_stat_statements_reset()")
        postgres.psql(";\n".join(queries))
        took = float(postgres.psql("SELECT sum(total_plan_time + total_exec_time) "
                                   f"FROM pg_stat_statements WHERE query LIKE '%FROM {table} %'"))
    return took


def steady_ms(postgres, build, tables, arguments):
    """Database time of each refresh by table, with new rows before it: a turn of every table, then the next,
    so that whatever else the machine does meets all of them."""
    taken = {table: [] for table in tables}
    with contextlib.ExitStack() as running:
        exporters = {}
        for table in tables:
            exporters[table] = running.enter_context(
                Exporter(build / "usage_exporter", postgres, table, arguments, role=table))
            exporters[table].backfill_seconds()
        for _ in range(arguments.refreshes):
            for table, exporter in exporters.items():
                postgres.psql(f"INSERT INTO {table} (created_at, user_id, format) SELECT now(), "
                              f"1000000 + floor(random() * {arguments.users})::bigint, 'csv' "
                              f"FROM generate_series(1, {NEW_ROWS})")
                exporter.next_refresh()  # it may have begun before the rows came
                postgres.psql("SELECT pg_stat_statements_reset()")
                exporter.next_refresh()
                taken[table].append(database_ms(postgres, table))
    return taken


def rows_of(postgres, table, newer_than):
    return int(postgres.psql(
        f"SELECT count(*) FROM {table} WHERE created_at >= {newer_than}"))


def ladder_ms(postgres, table, count, refresh):
    """The later rungs' share of a refresh every minute: two hours every ten minutes, three days
    hourly, all of it daily."""
    young = rows_of(postgres, table,
                    "date_bin('5 minutes', now() - interval '10 minutes', 'epoch'::timestamptz)")
    sliced = rows_of(postgres, table, "date_trunc('hour', now() - interval '2 hours')") - young
    hourly = rows_of(postgres, table, "now() - interval '3 days'") - sliced - young
    return refresh / young * (sliced / 10 + hourly / 60
                              + (count - hourly - sliced - young) / 1440)


def measure_table(build, postgres, table, count, arguments):
    found = {}
    rates = []
    for _ in range(arguments.rounds if count == max(arguments.rows) else 1):
        bare, bare_cpu, bare_server = bare_copy(build, postgres, table)
        with Exporter(build / "usage_exporter", postgres, table, arguments) as exporter:
            took = exporter.backfill_seconds()
            rates.append((count * arguments.features / took, count / bare,
                          exporter.cpu_seconds(), server_cpu_seconds(postgres),
                          bare_cpu, bare_server))
            found["backfill MB"] = exporter.peak_megabytes()
            if len(rates) == 1:
                exporter.next_refresh()
                before = exporter.cpu_seconds()
                time.sleep(10 * REFRESH_SECONDS)
                found["refresh cpu ms"] = (exporter.cpu_seconds() - before) / 10 * 1e3
                found["peak MB"] = exporter.peak_megabytes()
                found["state MB"] = exporter.state_megabytes()
    found["ratio"] = statistics.median(ours / bare for ours, bare, *_ in rates)
    for place, name in enumerate(["rate", "bare rate", "cpu s", "server cpu s", "bare cpu s",
                                  "bare server cpu s"]):
        found[name] = statistics.median(rate[place] for rate in rates)
    return found


def print_tables(found, largest, smallest, sql, evaluation):
    print("| table | backfill, M rows/s | bare COPY, M rows/s | ratio | CPU s + server's | of bare COPY | "
          "database ms a refresh (longest) | with the ladder | CPU ms a refresh | state MB | "
          "peak MB, in backfill |")
    print("|---" * 11 + "|")
    for table, row in found.items():
        print(f"| {table} | {row['rate'] / 1e6:.2f} | {row['bare rate'] / 1e6:.2f} "
              f"| {row['ratio']:.2f} | {row['cpu s']:.2f} + {row['server cpu s']:.2f} "
              f"| {row['bare cpu s']:.2f} + {row['bare server cpu s']:.2f} "
              f"| {row['refresh ms']:.2f} ({row['longest ms']:.1f}) "
              f"| {row['refresh ms'] + row['ladder ms']:.2f} | {row['refresh cpu ms']:.0f} "
              f"| {row['state MB']:.1f} | {row['peak MB']:.0f}, {row['backfill MB']:.0f} |")
    refresh = found[largest]["refresh ms"]
    with_ladder = refresh + found[largest]["ladder ms"]
    print(f"\nPlain SQL for the same windows of {largest}: {sql:,.0f} ms; a refresh is 1/"
          f"{sql / refresh:.0f} of it, with the ladder 1/{sql / with_ladder:.0f} (wanted 1/200).")
    def growth(table):
        return statistics.median(large / small for large, small in
                                 zip(found[largest]["all ms"], found[table]["all ms"]))
    same, tenfold = growth("exports_same_traffic"), growth(smallest)
    print(f"Growth of a refresh with the history, traffic alike: {same:.2f} (wanted 1.3); with the "
          f"traffic growing as much as the history: {tenfold:.2f}.")
    print(f"Measures (bench_evaluate):\n{evaluation}")


def refresh(build, arguments):
    found = {}
    with Postgres() as postgres:
        start_database(postgres)
        tables = tables_of(arguments.rows)
        live = max(arguments.rows) * LIVE_DAYS // DAYS
        postgres.psql("CREATE TABLE users (id bigint PRIMARY KEY, created_at timestamptz NOT NULL); "
                      "INSERT INTO users SELECT 1000000 + i, now() - interval '100 days' "
                      f"FROM generate_series(0, {arguments.users - 1}) AS i; "
                      "VACUUM ANALYZE users; GRANT SELECT ON users TO PUBLIC")
        for table, count in tables.items():
            print(f"{table} …", file=sys.stderr)
            generate(postgres, table, count, arguments.users,
                     live if table == "exports_same_traffic" else 0)
            found[table] = measure_table(build, postgres, table, count, arguments)
        for table, taken in steady_ms(postgres, build, tables, arguments).items():
            found[table]["all ms"] = taken
            found[table]["refresh ms"], found[table]["longest ms"] = statistics.median(taken), max(taken)
            found[table]["ladder ms"] = ladder_ms(postgres, table, tables[table], statistics.median(taken))
        largest = f"exports_{max(arguments.rows)}"
        sql = plain_sql_ms(postgres, largest)
    evaluation = subprocess.run(
        [build / "tests" / "bench_evaluate", str(max(arguments.rows)), str(arguments.users),
         str(arguments.features)], check=True, capture_output=True, text=True).stdout
    print_tables(found, largest, f"exports_{min(arguments.rows)}", sql, evaluation)
