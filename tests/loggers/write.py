"""Writes lines as python-json-logger, structlog and plain logging do: write.py FOLDER HOW_MANY"""

import logging
import sys

import structlog
from pythonjsonlogger import jsonlogger

folder, count = sys.argv[1], int(sys.argv[2])


def logger(name, formatter):
    handler = logging.FileHandler(f"{folder}/{name}.log")
    handler.setFormatter(formatter)
    made = logging.getLogger(name)
    made.setLevel(logging.INFO)
    made.addHandler(handler)
    return made


by_jsonlogger = logger("jsonlogger", jsonlogger.JsonFormatter("%(message)s %(levelname)s", timestamp=True))
by_asctime = logger("asctime", jsonlogger.JsonFormatter("%(asctime)s %(message)s"))
extra_adder = logger("extra_adder", structlog.stdlib.ProcessorFormatter(
    foreign_pre_chain=[structlog.stdlib.ExtraAdder(), structlog.processors.TimeStamper(fmt="iso")],
    processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()]))
plain = logger("plain", logging.Formatter("%(asctime)s %(message)s"))
with open(f"{folder}/structlog.log", "a", encoding="utf-8") as file:
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"),
                    structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(file))
    by_structlog = structlog.get_logger()
    for i in range(count):
        fields = {"user_id": f"user-{i}", "format": "csv", "duration_ms": 1500}
        by_structlog.info("Export Used", **fields)
        for each in (by_jsonlogger, by_asctime, extra_adder, plain):
            each.info("exported", extra={"event": "Export Used", **fields})
    by_structlog.info("something else")
try:
    raise OSError("disk is full")
except OSError:
    by_jsonlogger.exception("something else")
    plain.exception("something else")
