#!/usr/bin/env python3
"""`./dev run`: the demo, seen through the same CLI and API that users have.

Starts the staged server with config/tenants/demo and a local sink, sends every sample of every
connector that is installed, follows each event through the API and prints what became of it.
"""
import argparse
import base64
import json
import os
import pathlib
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATIENCE_S = 30
TTY = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(text, code):
    return f"\033[{code}m{text}\033[0m" if TTY else text


def free_port(wanted):
    """The wanted port, or a free one if it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
            except OSError:
                continue
    sys.exit("dev run: no free port on 127.0.0.1")


class Demo:
    def __init__(self, stage):
        self.binary = stage.resolve() / "bin" / "junctor"
        self.data = pathlib.Path(os.environ.get("JUNCTOR_DATA_DIR", ROOT / ".junctor")).resolve()
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.public, self.admin, self.sink = free_port(8080), free_port(8081), free_port(9000)
        self.env = {**os.environ, **self.demo_secrets(), "JUNCTOR_DATA_DIR": str(self.data)}
        self.children = []

    # -- preparation
    def demo_secrets(self):
        """Made once per data folder; the demo tenant refers to them by these names."""
        file = self.data / "demo.env"  # a shell can source it
        text = file.read_text() if file.exists() else ""
        known = dict(re.findall(r"^(\w+)='(.*)'$", text, re.M))
        names = set()
        for part in (ROOT / "config/tenants/demo").glob("*.yaml"):
            names |= set(re.findall(r"\benv:(\w+)", part.read_text()))
        for name in names - set(known):
            known[name] = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.writelines(f"{name}='{value}'\n" for name, value in sorted(known.items()))
        return known

    def tenant_folder(self):
        """The demo tenant; its destinations follow the sink if port 9000 was taken."""
        source = ROOT / "config/tenants/demo"
        if self.sink == 9000:
            return source
        copy = self.data / "demo-tenant"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(source, copy)
        file = copy / "destinations.yaml"
        file.write_text(file.read_text().replace("127.0.0.1:9000", f"127.0.0.1:{self.sink}"))
        return copy

    # -- processes
    def spawn(self, log, *arguments):
        with open(self.data / log, "ab") as out:
            child = subprocess.Popen([self.binary, *arguments], stdin=subprocess.DEVNULL,
                                     stdout=out, stderr=out, env=self.env)
        self.children.append((child, self.data / log))
        return child

    def start(self):
        destinations = (ROOT / "config/tenants/demo/destinations.yaml").read_text()
        signing = re.search(r"signing_secrets: \[(env:\w+)", destinations).group(1)
        self.spawn("sink.log", "listen", "--port", str(self.sink), "--secret", signing)
        (self.data / "server.json").unlink(missing_ok=True)  # of a server that was killed
        self.spawn("server.log", "serve", "--public", f"127.0.0.1:{self.public}",
                   "--admin", f"127.0.0.1:{self.admin}")
        if not self.wait(lambda: self.listening(self.sink) and self.ready()):
            sys.exit(f"dev run: not ready in {PATIENCE_S} s, see {self.data / 'server.log'}")
        self.cli("apply", "-f", str(self.tenant_folder()))

    def stop(self):
        for child, _ in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child, _ in self.children:
            try:
                child.wait(timeout=15)
            except subprocess.TimeoutExpired:
                child.kill()

    @staticmethod
    def listening(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/readyz", timeout=5):
                return (self.data / "server.json").exists()
        except OSError:
            return False

    def wait(self, condition):
        """The first true value; None if it does not come in time."""
        end = time.monotonic() + PATIENCE_S
        while True:
            for child, log in self.children:
                if child.poll() is not None:
                    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
                    sys.exit(f"dev run: {log.name} ended with {child.returncode}\n{tail}")
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                return None
            time.sleep(0.05)

    def cli(self, *arguments, check=True):
        done = subprocess.run([self.binary, *arguments], env=self.env, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, check=False)
        if check and done.returncode != 0:
            sys.exit(f"dev run: junctor {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done

    def cli_json(self, *arguments):
        return json.loads(self.cli(*arguments, "--output", "json").stdout)

    # -- the proof
    def samples(self):
        """Those of the connectors that the demo tenant has an integration of."""
        used = {each["connector"] for each in self.cli_json("integration", "list")["items"]}
        for connector in self.cli_json("connector", "list")["items"]:
            if connector["id"] not in used:
                continue
            for sample in self.cli_json("connector", "show", connector["id"])["samples"]:
                yield connector["id"], sample["event"]

    def row(self, connector, sample):
        """One sample, followed to its end. Every word of it was asked of the running server."""
        done = self.cli("send", connector, sample, "--output", "json", check=False)
        try:
            sent = json.loads(done.stdout)
        except ValueError:
            return [connector, sample, "not sent", "", "", "", done.stderr.strip()[:60]], False
        row = [connector, sample, str(sent["status"])]
        if not sent.get("event_id"):
            return row + ["no" if sent["status"] == 401 else "?", "", "", ""], False
        event = self.wait(lambda: self.finished(sent["event_id"]))
        if not event:
            return row + ["yes", "", "", "not in time"], False
        deliveries = event["deliveries"]
        routed = ", ".join(f"{d['destination'] or '-'} ({d['route'] or d['reason']})"
                           for d in deliveries)
        delivered = ", ".join(self.outcome(d) for d in deliveries)
        good = bool(deliveries) and all(d["state"] == "delivered" for d in deliveries)
        return row + ["yes", event["type"], routed, delivered], good

    @staticmethod
    def outcome(delivery):
        attempts = delivery.get("attempt_log") or []
        if delivery["state"] == "delivered" and attempts:
            last = attempts[-1]
            return f"{last['status']} in {last['latency_us'] / 1000:.1f} ms"
        return f"{delivery['state']} {delivery['reason']}".strip()

    def finished(self, event_id):
        done = self.cli("events", "show", event_id, "--output", "json", check=False)
        if done.returncode != 0:
            return None
        event = json.loads(done.stdout)
        states = [delivery["state"] for delivery in event["deliveries"]]
        return event if states and not {"pending", "running"} & set(states) else None

    def proof(self):
        rows = [["CONNECTOR", "SAMPLE", "ARRIVED", "VERIFIED", "NORMALIZED", "ROUTED", "DELIVERED"]]
        verdicts = [True]
        for connector, sample in self.samples():
            row, good = self.row(connector, sample)
            rows.append(row)
            verdicts.append(good)
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        print()
        for row, good in zip(rows, verdicts):
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
            heading = row is rows[0]
            print(paint(line, 1) if heading else line if good else paint(line, 31))
        failed = verdicts.count(False)
        if len(rows) == 1:
            print("no connector is installed")
        print(f"\n{len(rows) - 1 - failed} of {len(rows) - 1} samples went all the way.")
        return failed == 0 and len(rows) > 1

    def addresses(self):
        stage = shlex.quote(os.path.relpath(self.binary))
        print(f"""
Look further:
  webhooks      http://127.0.0.1:{self.public}/v1/webhooks/incoming/<integration>
  admin API     http://127.0.0.1:{self.admin}/v1/tenants/demo/events   (token: {stage} token create)
  metrics       http://127.0.0.1:{self.admin}/metrics    ready: /readyz
  sink          http://127.0.0.1:{self.sink}/   its log: {self.data / 'sink.log'}
  server log    {self.data / 'server.log'}
  command line  export JUNCTOR_DATA_DIR={shlex.quote(str(self.data))}
                set -a; . "$JUNCTOR_DATA_DIR/demo.env"; set +a
                {stage} events list --tenant demo
                {stage} send github push""")


def main():
    parser = argparse.ArgumentParser(prog="./dev run")
    parser.add_argument("--stage", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--once", action="store_true", help="exit after the table")
    options = parser.parse_args()
    demo = Demo(options.stage)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        demo.start()
        good = demo.proof()
        demo.addresses()
        if options.once:
            return 0 if good else 1
        print("\nCtrl-C stops it.", flush=True)
        while all(child.poll() is None for child, _ in demo.children):
            time.sleep(0.5)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        demo.stop()


if __name__ == "__main__":
    sys.exit(main())
