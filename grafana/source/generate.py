#!/usr/bin/python3
"""Writes grafana/dashboards/*.json. Run it after a change in this folder; a test fails when they differ.

    /usr/bin/python3 grafana/source/generate.py [FOLDER]
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import adoption  # noqa: E402  (its folder is not on the path before)
import capacity  # noqa: E402
import feature  # noqa: E402
import health  # noqa: E402
import targets  # noqa: E402
import value  # noqa: E402

DASHBOARDS = [adoption, targets, feature, value, capacity, health]


def main(folder):
    for module in DASHBOARDS:
        made = module.build()
        path = Path(folder) / f"{made['uid']}.json"
        path.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "dashboards")
