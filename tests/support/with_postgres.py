#!/usr/bin/python3
"""Runs a program beside a PostgreSQL server made for it: with_postgres.py PROGRAM [ARGUMENT…].

USAGE_TEST_POSTGRES holds the server's DSN and USAGE_TEST_POSTGRES_CONTROL the command that stops,
starts or kills it (`sh -c "$USAGE_TEST_POSTGRES_CONTROL stop"`), for tests of lost connections.
"""

import os
import pathlib
import shlex
import subprocess
import sys
import threading

from servers import Postgres


def serve_control(postgres, requests, answers):
    """A line `stop`, `start` or `kill` comes in; `done` or the error goes out."""
    while True:
        with open(requests, encoding="utf-8") as pipe:
            verb = pipe.readline().strip()
        if verb == "quit":
            return
        try:
            {"stop": postgres.stop, "start": postgres.start, "kill": postgres.kill}[verb]()
            answer = "done"
        except Exception as error:  # the test that asked must hear of it, whatever it is
            answer = f"{type(error).__name__}: {error}".replace("\n", " ")
        with open(answers, "w", encoding="utf-8") as pipe:
            pipe.write(answer + "\n")


def main(arguments):
    if not arguments:
        sys.exit(__doc__)
    try:
        postgres = Postgres()
    except (AssertionError, RuntimeError) as error:
        sys.exit(f"with_postgres.py: {error}")
    with postgres:
        requests, answers = (pathlib.Path(postgres.folder, name) for name in ("requests", "answers"))
        os.mkfifo(requests)
        os.mkfifo(answers)
        control = threading.Thread(target=serve_control, args=(postgres, requests, answers), daemon=True)
        control.start()
        script = pathlib.Path(__file__).with_name("postgres_control.py")
        environment = os.environ | {
            "USAGE_TEST_POSTGRES": postgres.dsn(),
            "USAGE_TEST_POSTGRES_CONTROL": shlex.join([sys.executable, str(script), str(requests), str(answers)]),
        }
        return subprocess.run(arguments, env=environment, check=False).returncode


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.exit(code if code >= 0 else 128 - code)
