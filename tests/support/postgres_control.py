#!/usr/bin/python3
"""Asks with_postgres.py for something: postgres_control.py REQUESTS ANSWERS stop|start|kill."""

import sys


def main(requests, answers, verb):
    with open(requests, "w", encoding="utf-8") as pipe:
        pipe.write(verb + "\n")
    with open(answers, encoding="utf-8") as pipe:
        answer = pipe.readline().strip()
    return None if answer == "done" else answer


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
