"""What all servers that tests start have in common: a free loopback port, a folder, an end."""

import contextlib
import http.client
import http.server
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path


def free_port(host="127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=120.0, every=0.05):
    """Returns the first true result of condition(); AssertionError naming `what` at the end. The patience is that of a busy
    machine: it costs nothing where the condition comes true."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(every)


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8")


class Server:
    """A program on a free port of `host`, in a folder of its own unless one is given, as long as the
    object or its `with` block. A subclass writes what the program needs into `folder` and calls
    launch(); `process` is None before.
    """
    NAME = "server"
    PATIENCE = 60  # seconds for an orderly end

    def __init__(self, folder=None, port=None, host="127.0.0.1"):
        self._temporary = None if folder else tempfile.TemporaryDirectory(
            prefix=f"{self.NAME}_", ignore_cleanup_errors=True)
        self.folder = Path(folder or self._temporary.name)
        self.host, self.port = host, port or free_port(host)
        self._log = open(self._log_path, "a", encoding="utf-8")
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def _log_path(self):
        return self.folder / f"{self.NAME}.log"

    def launch(self, command, env=None, wait=True):
        """Starts the program, in the test's environment unless one is given; closes everything if it
        fails."""
        try:
            self.process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=self._log,
                stderr=self._log, cwd=self.folder, env=env)
            if wait:
                self.wait_ready()
        except BaseException:
            self.close()
            raise

    def ready(self):
        """Whether it answers; an OSError means no."""
        with socket.create_connection((self.host, self.port), 1):
            return True

    def wait_ready(self):
        def ready():
            if not self.running():
                raise AssertionError(f"{self.NAME} ended with {self.process.returncode}:\n{self.logs()}")
            with contextlib.suppress(OSError):
                return self.ready()
            return False
        wait_until(ready, f"{self.NAME} on port {self.port} to be ready")

    def running(self):
        return self.process is not None and self.process.poll() is None

    def logs(self):
        return self._log_path.read_text(encoding="utf-8")

    def stop(self):
        """SIGTERM; the exit code. subprocess.TimeoutExpired if it does not end."""
        if self.running():
            self.process.terminate()
        return self.process.wait(self.PATIENCE)

    def kill9(self):
        self.process.kill()
        return self.process.wait(self.PATIENCE)

    def close(self):
        """Ends the program, hard if it will not go, and takes the folder away unless it was given."""
        if self.process:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.kill9()
        self._log.close()
        if self._temporary:
            self._temporary.cleanup()


class HttpServer(Server):
    """One that speaks HTTP, and is ready when /-/ready says so."""

    def request(self, method, path, headers=None, timeout=60, body=None):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Response(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path, headers=None):
        return self.request("GET", path, headers)

    def ready(self):
        return self.get("/-/ready").status == 200


class Listener:
    """A server within the test: a request handler of http.server on a free loopback port."""

    def __init__(self, handler):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)


class Handler(http.server.BaseHTTPRequestHandler):
    """Says nothing on stderr."""

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
