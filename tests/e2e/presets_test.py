"""The configs for tables that others fill, each on a small table of the published shape."""

import contextlib
import os
import tempfile
import unittest
from pathlib import Path

from exporter import SOURCE_DIR, parse_metrics, run
from servers import Postgres

PRESETS = SOURCE_DIR / "config" / "presets"
# Of the people 1 to 12, those up to 10 were active in the last 7 days and 1 to 4 exported then; 11
# and 12 exported ten days ago. Somebody unknown exported twice. Each is a row: who, days ago, event.
ROWS = [*((who, 1, "looked") for who in range(1, 11)), *((who, 2, "exported") for who in range(1, 5)),
        (4, 3, "exported"), (11, 10, "exported"), (12, 10, "exported"),
        (None, 1, "exported"), (None, 2, "exported")]
USES, USERS, ACTIVE = 7, 4, 10


def sql(value):
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


def insert(table, columns, rows):
    return "\n".join(f"INSERT INTO {table} ({columns}) VALUES ({', '.join(row)});" for row in rows)


def ago(days):
    return f"now() - interval '{days} days 1 hour'"


def person(who):
    return None if who is None else f"user-{who}"


def segment():
    shape = ("id varchar, anonymous_id varchar, user_id varchar, event varchar, event_text varchar,"
             " context_ip varchar, context_library_name varchar, received_at timestamptz, sent_at timestamptz,"
             ' original_timestamp timestamptz, "timestamp" timestamptz')
    tracks = [(sql(f"m{i}"), "'anon'", sql(person(who)), sql({"looked": "report_viewed"}.get(event, "export_used")),
               ago(days)) for i, (who, days, event) in enumerate(ROWS)]
    used = [(row[0], row[1], row[2], row[3], "'csv'", row[4]) for row in tracks if row[3] == "'export_used'"]
    return (f"CREATE SCHEMA web; CREATE TABLE web.tracks ({shape});"
            f"CREATE TABLE web.export_used ({shape}, format varchar);"
            + insert("web.tracks", "id, anonymous_id, user_id, event, received_at", tracks)
            + insert("web.export_used", "id, anonymous_id, user_id, event, format, received_at", used))


def posthog():
    # Every other event came from a second browser of the same person; project 2 is somebody else's.
    rows = []
    for i, (who, days, event) in enumerate(ROWS):
        name = {"looked": "$pageview"}.get(event, "export used")
        rows.append(("gen_random_uuid()", sql(name), "'{\"format\": \"csv\"}'",
                     "'anonymous'" if who is None else sql(f"d{who}-{i % 2}"), "1", ago(days)))
    for i in range(50):
        rows.append(("gen_random_uuid()", "'export used'", "'{}'", sql(f"other-{i}"), "2", ago(1)))
    people = [("1", sql(f"d{who}-{browser}"), f"'00000000-0000-0000-0000-0000000000{who:02}'")
              for who in range(1, 13) for browser in (0, 1)]
    return ("CREATE TABLE events (uuid uuid, event text, properties jsonb, elements jsonb, set jsonb,"
            " set_once jsonb, distinct_id text, team_id integer, ip text, site_url text,"
            ' "timestamp" timestamptz);'
            "CREATE TABLE persons (team_id integer, distinct_id text, person_id uuid, properties jsonb,"
            " created_at timestamptz);"
            + insert("events", 'uuid, event, properties, distinct_id, team_id, "timestamp"', rows)
            + insert("persons", "team_id, distinct_id, person_id", people)
            + (PRESETS / "posthog.sql").read_text())


def ahoy():
    # People whose last visit is known, and who looked at something in it or did not.
    visits = [(str(who), "NULL" if who is None else str(who), f"({ago(days)})::timestamp")
              for who, days, event in ROWS if who is not None and event == "looked" and who % 2]
    events = [("NULL" if who is None else str(who), sql({"looked": "Viewed"}.get(event, "Exported report")),
               "'{\"format\": \"csv\"}'", f"({ago(days)})::timestamp")
              for who, days, event in ROWS if not (event == "looked" and who % 2)]
    return ("CREATE TABLE ahoy_visits (id bigserial, visit_token varchar, visitor_token varchar, user_id bigint,"
            " ip varchar, user_agent text, started_at timestamp);"
            "CREATE TABLE ahoy_events (id bigserial, visit_id bigint, user_id bigint, name varchar,"
            " properties jsonb, time timestamp);"
            + insert("ahoy_visits", "visit_token, user_id, started_at", visits)
            + insert("ahoy_events", "user_id, name, properties, time", events))


def snowplow():
    rows = [("'web'", sql({"looked": "page_view"}.get(event, "export_used")), sql(person(who)), "'browser'",
             "gen_random_uuid()", f"({ago(days)})::timestamp") for who, days, event in ROWS]
    rows += [("'mobile'", "'export_used'", sql(f"other-{i}"), "'phone'", "gen_random_uuid()",
              f"({ago(1)})::timestamp") for i in range(50)]
    return ("CREATE SCHEMA atomic; CREATE TABLE atomic.events (app_id varchar, platform varchar,"
            " etl_tstamp timestamp, collector_tstamp timestamp NOT NULL, dvce_created_tstamp timestamp,"
            " event varchar, event_id char(36), txn_id int, user_id varchar, domain_userid varchar,"
            " network_userid varchar, domain_sessionid char(128), derived_tstamp timestamp,"
            " event_vendor varchar, event_name varchar);"
            + insert("atomic.events", "app_id, event_name, user_id, domain_userid, event_id, collector_tstamp", rows))


class PresetsTest(unittest.TestCase):
    TABLES = {"segment": segment, "posthog": posthog, "ahoy": ahoy, "snowplow": snowplow}

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)

    def test_every_preset_is_tested(self):
        self.assertEqual({path.stem for path in PRESETS.glob("*.yml")}, set(self.TABLES))

    def test_adoption_of_each(self):
        server = self.stack.enter_context(Postgres())
        for name, tables in self.TABLES.items():
            with self.subTest(name):
                server.psql(f"CREATE DATABASE {name}")
                self.adoption(name, tables(), server)

    def test_no_error_prints_a_value_from_the_environment(self):
        server = self.stack.enter_context(Postgres())
        server.psql(posthog())
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        config = Path(folder) / "config.yml"
        preset = (PRESETS / "posthog.yml").read_text()
        for table in ("feature", "activity"):
            with self.subTest(table):
                replaced = "team_id: 1, event" if table == "feature" else "team_id: 1}"
                self.assertIn(replaced, preset)
                config.write_text(preset.replace(replaced, replaced.replace("1", '"${TEAM}"')))
                env = {**os.environ, "USAGE_DSN": server.dsn(), "TEAM": "hunter2"}
                once = run("once", f"--config.file={config}", env=env)
                self.assertEqual(once.returncode, 1)
                self.assertIn("reason=data", once.stderr)
                self.assertNotIn("hunter2", once.stdout + once.stderr)

    def adoption(self, name, tables, server):
        server.psql("SET timezone = 'UTC';\n" + tables, database=name)
        env = {**os.environ, "USAGE_DSN": server.dsn(database=name)}
        config = f"--config.file={PRESETS / name}.yml"
        checked = run("check", "--connect", config, env=env)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""), checked.stdout)
        once = run("once", config, env=env)
        self.assertEqual((once.returncode, once.stderr), (0, ""))
        page = parse_metrics(once.stdout)

        def value(metric, **labels):
            return page.get((metric, tuple(sorted(labels.items()))))
        self.assertEqual(value("usage_uses", feature="export", window="7d"), USES)
        self.assertEqual(value("usage_uses", feature="export", window="28d"), USES + 2)
        self.assertEqual(value("usage_unattributed_events_total", feature="export"), 0 if name == "posthog" else 2)
        # Who is not signed in is a person to PostHog, by the browser.
        unknown = 1 if name == "posthog" else 0
        self.assertEqual(value("usage_active_users", window="7d"), ACTIVE + unknown)
        self.assertEqual(value("usage_feature_users", feature="export", window="7d"), USERS + unknown)
        self.assertEqual(value("usage_adoption_ratio", feature="export", window="7d"),
                         (USERS + unknown) / (ACTIVE + unknown))


if __name__ == "__main__":
    unittest.main()
