"""Drives an installed Junctor from outside: server, sink, signers, clients. Standard library only.

    with Junctor() as server, Sink() as sink:
        server.write_tenant("acme", integrations=[...], destinations=[...], rules={"all": "..."})
        server.start()
        server.apply()
        server.post("gh", *github(SECRET, "push", {"a": 1}))
        sink.wait_for(1)

The binary is $JUNCTOR_BIN (ctest sets it to the tree that the build installs).
"""
import base64
import dataclasses
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import uuid

SOURCE = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("JUNCTOR_BIN", str(SOURCE / "build/stage/bin/junctor"))
PATIENCE_S = 90  # how long a wait lasts before it counts as "never"

SIGNING_SECRET = "whsec_" + base64.b64encode(b"demo-signing-secret-of-32-bytes!").decode()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, patience_s=PATIENCE_S, step_s=0.02):
    """The first true value of condition(); fails when it never comes."""
    end = time.monotonic() + patience_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"never happened: {what() if callable(what) else what}")
        time.sleep(step_s)


# ---------------------------------------------------------------------------------------- signers

def _hmac(secret, content, algorithm="sha256"):
    return hmac.new(secret if isinstance(secret, bytes) else secret.encode(), content, algorithm)


def as_body(payload):
    return payload if isinstance(payload, bytes) else json.dumps(payload).encode()


def github(secret, event, payload, delivery=None):
    body = as_body(payload)
    return body, {"Content-Type": "application/json", "X-GitHub-Event": event,
                  "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
                  "X-Hub-Signature-256": "sha256=" + _hmac(secret, body).hexdigest()}


def stripe(secret, payload, at=None):
    body, at = as_body(payload), int(time.time() if at is None else at)
    digest = _hmac(secret, f"{at}.".encode() + body).hexdigest()
    return body, {"Content-Type": "application/json", "Stripe-Signature": f"t={at},v1={digest}"}


def slack(secret, payload, at=None):
    body, at = as_body(payload), int(time.time() if at is None else at)
    digest = _hmac(secret, f"v0:{at}:".encode() + body).hexdigest()
    return body, {"Content-Type": "application/json", "X-Slack-Request-Timestamp": str(at),
                  "X-Slack-Signature": "v0=" + digest}


def standard_webhooks(secret, payload, message_id=None, at=None):
    body, at = as_body(payload), int(time.time() if at is None else at)
    message_id = message_id or "msg_" + uuid.uuid4().hex
    return body, {"Content-Type": "application/json", "webhook-id": message_id,
                  "webhook-timestamp": str(at),
                  "webhook-signature": standard_signature(secret, message_id, at, body)}


def standard_signature(secret, message_id, at, body):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = _hmac(key, f"{message_id}.{at}.".encode() + body)
    return "v1," + base64.b64encode(mac.digest()).decode()


def generic(secret, payload, header="X-Webhook-Signature", extra=None):
    body = as_body(payload)
    return body, {"Content-Type": "application/json", header: _hmac(secret, body).hexdigest(),
                  **(extra or {})}


# ---------------------------------------------------------------------------------------- clients

@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


def request(port, method, path, body=None, headers=None, timeout_s=PATIENCE_S):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


class KeepAlive:
    """One connection that is opened again when it breaks. Not thread-safe."""

    def __del__(self):
        self.connection.close()

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)

    def request(self, method, path, body=None, headers=None):
        """OSError or HTTPException: the outcome is unknown."""
        try:
            self.connection.request(method, path, body=body, headers=headers or {})
            answer = self.connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()},
                          answer.read())
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise


def in_parallel(count, work):
    """Runs work(0) … work(count-1) on threads; the results, or the first error."""
    results, errors = [None] * count, []

    def run(index):
        try:
            results[index] = work(index)
        except BaseException as error:  # noqa: BLE001: handed to the caller
            errors.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


# --------------------------------------------------------------------------------------- the server

def yaml_of(value):
    return json.dumps(value, indent=1)  # JSON is YAML


class Junctor:
    """One server with its own data folder, tenant folders and ports. Restarts keep all of them."""

    def __init__(self, env=None, args=(), binary=None):
        self.binary = binary or BINARY
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="junctor-e2e-"))
        self.data = self.folder / "data"
        self.tenants = self.folder / "tenants"
        self.log_path = self.folder / "server.log"
        self.port, self.admin_port = free_port(), free_port()
        self.args = list(args)
        self.env = {**os.environ, "E2E_SIGNING_SECRET": SIGNING_SECRET, **(env or {})}
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.kill()
        if kind is None or os.environ.get("JUNCTOR_E2E_KEEP") is None:
            if kind is not None:
                print(f"---- last lines of the server's log\n{self.log()[-4000:]}")
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print(f"kept: {self.folder}")

    # -- configuration
    def write_tenant(self, tenant, integrations=(), destinations=(), rules=None, **more):
        folder = self.tenants / tenant
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "rules").mkdir(parents=True)
        (folder / "tenant.yaml").write_text(yaml_of({"id": tenant, "name": tenant, **more}))
        (folder / "integrations.yaml").write_text(yaml_of({"integrations": list(integrations)}))
        (folder / "destinations.yaml").write_text(yaml_of({"destinations": list(destinations)}))
        for name, source in (rules or {}).items():
            (folder / "rules" / f"{name}.lua").write_text(source)

    def apply(self, *arguments):
        return self.cli("apply", "-f", str(self.tenants), *arguments)

    # -- process
    def start(self, wait=True):
        (self.data / "server.json").unlink(missing_ok=True)  # of a life that was killed
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--data-dir", str(self.data),
                 "--public", f"127.0.0.1:{self.port}", "--admin", f"127.0.0.1:{self.admin_port}",
                 *self.args],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env)
        if wait:
            wait_until(self.ready, "the server is ready", step_s=0.01)

    def must_live(self):
        if self.process.poll() is not None:
            raise AssertionError(f"server ended with {self.process.returncode}:\n{self.log()}")

    def ready(self):
        self.must_live()
        try:
            return (self.data / "server.json").exists() and \
                request(self.admin_port, "GET", "/readyz", timeout_s=5).status == 200
        except OSError:
            return False

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        if self.process:
            self.process.wait()

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_S)

    def restart(self):
        self.start()

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def rss_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    # -- command line
    def cli(self, *arguments, check=True, env=None):
        done = subprocess.run([self.binary, *arguments], text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE_S,
                              env={**self.env, "JUNCTOR_DATA_DIR": str(self.data), **(env or {})})
        if check and done.returncode != 0:
            raise AssertionError(
                f"junctor {' '.join(arguments)} ended with {done.returncode}\n"
                f"{done.stdout}{done.stderr}")
        return done

    def cli_json(self, *arguments):
        return json.loads(self.cli(*arguments, "--output", "json").stdout)

    def find_event(self, event_id):
        """The event with its deliveries, or None while it is not through the flow yet."""
        self.must_live()
        done = self.cli("events", "show", event_id, "--output", "json", check=False)
        event = json.loads(done.stdout) if done.returncode == 0 else None
        return event if event and event["status"] == "processed" else None

    def settled(self, event_id, state):
        """The deliveries of an event once all are in that state."""
        def look():
            event = self.find_event(event_id)
            found = event["deliveries"] if event else []
            return found if found and all(d["state"] == state for d in found) else None
        return wait_until(look, lambda: f"{event_id} is {state}: {self.find_event(event_id)}",
                          step_s=0.05)

    # -- HTTP
    def post(self, integration, body, headers):
        return request(self.port, "POST", f"/v1/webhooks/incoming/{integration}", body, headers)

    def local_token(self):
        """The rights of whoever may read the data folder."""
        return json.loads((self.data / "server.json").read_text())["token"]

    def admin(self, path, token=None, method="GET"):
        headers = {"Authorization": f"Bearer {token or self.local_token()}"}
        return request(self.admin_port, method, path, headers=headers)

    def metric(self, name):
        """Sum over all series of one metric."""
        text = self.admin("/metrics").body.decode()
        return sum(float(value) for value in
                   re.findall(rf"^{re.escape(name)}(?:{{[^}}]*}})? ([0-9.e+]+)", text, re.M))


ROUTE_ALL = 'return jn.route { rules = { { name = "all", when = {}, to = "sink" } } }\n'


def http_destination(name, port, **more):
    return {"name": name, "type": "http", "url": f"http://127.0.0.1:{port}/{name}",
            "signing_secrets": ["env:E2E_SIGNING_SECRET"], "allow_private": True, **more}


# -------------------------------------------------------------------------------------------- sink

@dataclasses.dataclass
class Received:
    path: str
    headers: dict        # lower-case names
    body: bytes
    at: float            # time.monotonic() of arrival
    epoch: int = 0       # what sink.epoch was then
    answered: bool = False
    method: str = "POST"

    @property
    def webhook_id(self):
        return self.headers.get("webhook-id", "")

    def json(self):
        return json.loads(self.body)

    def verifies(self, secret=SIGNING_SECRET):
        """As a receiver that follows Standard Webhooks 1.0.0 would."""
        at = self.headers["webhook-timestamp"]
        expected = standard_signature(secret, self.webhook_id, at, self.body)
        return abs(time.time() - int(at)) < 300 and \
            any(hmac.compare_digest(part, expected)
                for part in self.headers["webhook-signature"].split(" "))


class Reply:
    """How the sink answers one request."""

    def __init__(self, status=200, headers=None, body=b"ok", delay_s=0.0, reset=False,
                 truncate=False):
        self.status, self.headers, self.body = status, headers or {}, body
        self.delay_s, self.reset, self.truncate = delay_s, reset, truncate


class Sink:
    """An HTTP receiver that logs everything and answers as told: `behave` maps Received -> Reply."""

    def __init__(self, behave=None):
        self.behave = behave or (lambda received: Reply())
        self.received: list[Received] = []
        self.epoch = 0
        self.lock = threading.Lock()
        self.server = None
        self.port = free_port()
        self.alive = set()

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *_):
        self.close()

    def open(self):
        self.server = socket.create_server(("127.0.0.1", self.port), backlog=512)
        threading.Thread(target=self._accept, args=(self.server,), daemon=True).start()

    def close(self):
        """Refuses connections from now on; open ones are reset."""
        if self.server:
            self.server.shutdown(socket.SHUT_RDWR)
            self.server.close()
            self.server = None
        with self.lock:
            alive = list(self.alive)
        for connection in alive:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def sees_off(self, patience_s=PATIENCE_S):
        """Waits until all is read that a process now dead has sent, also on connections that still
        wait to be accepted: these are accepted in order, so ours comes after the last of them."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience_s) as last:
            last.shutdown(socket.SHUT_WR)
            last.recv(1)
        wait_until(lambda: not self.alive, "the dead process's connections end", patience_s)

    def count(self):
        with self.lock:
            return len(self.received)

    def all(self):
        with self.lock:
            return list(self.received)

    def wait_for(self, count, patience_s=PATIENCE_S):
        wait_until(lambda: self.count() >= count,
                   lambda: f"{count} deliveries ({self.count()} so far)", patience_s)
        return self.all()

    def _accept(self, server):
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with self.lock:
                self.alive.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection, connection.makefile("rb") as stream:
                while self._serve_one(connection, stream):
                    pass
        except (OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.alive.discard(connection)

    def _serve_one(self, connection, stream):
        line = stream.readline()
        if not line:
            return False
        method, path, _ = line.decode("latin-1").split(" ", 2)
        headers = {}
        while (line := stream.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        if headers.get("expect", "").lower() == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = stream.read(length)
        if len(body) != length:
            return False
        received = Received(path, headers, body, time.monotonic(), self.epoch, method=method)
        with self.lock:
            self.received.append(received)
        reply = self.behave(received)
        if reply.delay_s:
            time.sleep(reply.delay_s)
        if reply.reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        head = [f"HTTP/1.1 {reply.status} Scripted", f"Content-Length: {len(reply.body)}"]
        head += [f"{name}: {value}" for name, value in reply.headers.items()]
        wire = "\r\n".join(head).encode() + b"\r\n\r\n" + reply.body
        if reply.truncate:
            connection.sendall(wire[:-1])
            return False
        connection.sendall(wire)
        received.answered = True
        return True
