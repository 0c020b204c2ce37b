#!/usr/bin/env python3
"""The whole pipeline against a throw-away one, interleaved in one run.

Signed 2 KB webhooks from a load generator -> server -> sink. The reference is `minij` of the
measuring programs (--rulers): HMAC, dedupe, group commit before 2xx, a Lua rule, HTTP delivery, and
nothing else. Only ratios of one run mean anything; absolute numbers belong to the machine.

Prints one line per figure and a JSON document with --json. Exits 1 if a goal is missed.
"""
import argparse
import atexit
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECRET = "topsecret"  # the load generator's default key

RULE = """
return jn.normalize {
  version = 1,
  accepts = { source = "github" },
  emits = "pull_request.*",
  event = function(ev, ctx)
    return {
      type = "pull_request." .. (ev.action or "updated"),
      title = ev.pull_request.title,
      number = ev.pull_request.number,
      author = ev.pull_request.user.login,
      repo = ev.repository.full_name,
    }
  end,
}, jn.route {
  version = 1,
  rules = {
    { name = "bots", priority = 10, when = { ["payload.sender.type"] = "Bot" }, drop = "bot", stop = true },
    { name = "all", when = { type = "pull_request.*" }, to = "sink" },
  },
}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def fresh_folder():
    """Gone at the end of the whole run: a file system that frees much is slow to sync for a while."""
    folder = tempfile.mkdtemp(prefix="bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def wait_port(port, process):
    for _ in range(2000):
        if process.poll() is not None:
            raise SystemExit(f"{process.args[0]} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.01)
    raise SystemExit("a server did not open its port")


def get_json(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return json.load(answer)


def rss_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


class Rulers:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.bin = ROOT / "build" / "rulers"
        if not (self.bin / "minij").exists():
            self.bin.mkdir(parents=True, exist_ok=True)
            subprocess.run(["bash", str(self.folder / "build.sh"), str(self.bin)], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self, name, *args):
        return subprocess.Popen([str(self.bin / name), *map(str, args)], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def load(self, port, path, conns, seconds, pid, base, rate=0, count=0):
        args = [str(self.bin / "loadgen"), "-p", str(port), "-u", path, "-c", str(conns), "-d",
                str(seconds), "-w", "1", "-k", SECRET, "-i", str(base), "-P", str(pid)]
        if rate:
            args += ["-r", str(rate)]
        if count:
            args += ["-n", str(count), "-w", "0", "-d", "3600"]
        return json.loads(subprocess.run(args, check=True, capture_output=True, text=True).stdout)


class Sink:
    def __init__(self, rulers):
        self.port = free_port()
        self.process = rulers.start("epollsrv", "-p", self.port, "-m", "sink")
        wait_port(self.port, self.process)

    def reset(self):
        get_json(self.port, "/reset")

    def stats(self):
        return get_json(self.port, "/stats")

    def settle(self, expected, seconds=120):
        """Waits until all that is expected or, for ten seconds, nothing more has arrived."""
        last, quiet = -1, 0
        for _ in range(seconds * 2):
            now = self.stats()["unique"]
            quiet = quiet + 1 if now == last else 0
            if now >= expected or quiet == 20:
                break
            last = now
            time.sleep(0.5)
        return self.stats()


class Minij:
    name = "minij"
    path = "/webhook"

    def __init__(self, rulers, sink):
        self.port = free_port()
        self.dir = fresh_folder()
        self.process = rulers.start("minij", "-p", self.port, "-s", sink.port, "-S", "sqlite8k",
                                    "-L", "lazy", "-d", self.dir)
        wait_port(self.port, self.process)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Junctor:
    name = "junctor"
    path = "/v1/webhooks/incoming/bench"

    def __init__(self, binary, sink_port, deliver=True):
        self.binary = str(binary)
        self.port, self.admin = free_port(), free_port()
        self.dir = fresh_folder()
        self.tenant = pathlib.Path(self.dir) / "bench"
        self.env = dict(os.environ, BENCH_SECRET=SECRET,
                        BENCH_SIGNING="whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        self.write_tenant(sink_port, deliver)
        self.start()
        self.cli("apply", "-f", str(self.tenant))

    def write_tenant(self, sink_port, deliver):
        (self.tenant / "rules").mkdir(parents=True)
        (self.tenant / "tenant.yaml").write_text("id: bench\n")
        (self.tenant / "integrations.yaml").write_text(
            "integrations:\n  - id: bench\n    connector: github\n"
            "    webhook_secrets: [\"env:BENCH_SECRET\"]\n")
        (self.tenant / "destinations.yaml").write_text(
            f"destinations:\n  - name: sink\n    type: http\n    url: http://127.0.0.1:{sink_port}/in\n"
            "    allow_private: true\n    signing_secrets: [\"env:BENCH_SIGNING\"]\n")
        if deliver:
            (self.tenant / "rules" / "route.lua").write_text(RULE)

    def start(self):
        log = open(os.path.join(self.dir, "server.log"), "ab")
        self.process = subprocess.Popen(
            [self.binary, "serve", "--data-dir", self.dir + "/data", "--public",
             f"127.0.0.1:{self.port}", "--admin", f"127.0.0.1:{self.admin}"],
            env=self.env, stdout=log, stderr=log)
        wait_port(self.port, self.process)
        wait_port(self.admin, self.process)

    def cli(self, *args):
        done = subprocess.run([self.binary, *args, "--data-dir", self.dir + "/data"], env=self.env,
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"junctor {' '.join(args)}: {done.stderr}{done.stdout}")
        return done.stdout

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Report:
    def __init__(self):
        self.rows = []

    def add(self, name, value, goal, ok):
        self.rows.append({"name": name, "value": round(value, 3), "goal": goal, "ok": bool(ok)})
        print(f"{'ok  ' if ok else 'MISS'} {name:52} {value:10.3f}   goal {goal}", flush=True)


def median(rows, key):
    return statistics.median(row[key] for row in rows)


def one_run(rulers, sink, server, conns, seconds, base, rate=0):
    sink.reset()
    os.sync()  # what ran before is not to be paid by this run
    load = rulers.load(server.port, server.path, conns, seconds, server.process.pid, base, rate)
    at_end = sink.stats()
    final = sink.settle(load["ok"])
    return {"rps": load["rps"], "p99": load["p99_ms"], "cpu": load["srv_cpu_us_req"],
            "ok": load["ok"], "bad": load["bad"], "delivered_at_end": at_end["unique"],
            "delivered": final["unique"], "e2e_p50": final["e2e_p50_ms"], "rss": load["rss_mb"]}


def ingest(args, rulers, report):
    for conns in args.connections:
        rows = {"minij": [], "junctor": []}
        for turn in range(args.rounds):
            for kind in ("minij", "junctor"):
                sink = Sink(rulers)
                server = Minij(rulers, sink) if kind == "minij" else Junctor(args.binary, sink.port)
                row = one_run(rulers, sink, server, conns, args.seconds, 1 + turn * 5_000_000)
                rows[kind].append(row)
                print(f"     {kind:8} {conns:4} conns: {row}", flush=True)
                server.stop()
                sink.process.kill()
        ours, theirs = rows["junctor"], rows["minij"]
        report.add(f"ingest rate / minij, {conns} connections",
                   median(ours, "rps") / median(theirs, "rps"), ">= 0.7",
                   median(ours, "rps") >= 0.7 * median(theirs, "rps"))
        report.add(f"ingest p99 / minij p99, {conns} connections",
                   median(ours, "p99") / median(theirs, "p99"), "<= 3",
                   median(ours, "p99") <= 3 * median(theirs, "p99"))
        share = statistics.median(r["delivered_at_end"] / r["ok"] for r in ours)
        report.add(f"delivered while ingesting / ingested, {conns} connections", share, ">= 0.5",
                   share >= 0.5)
        lost = sum(r["ok"] - r["delivered"] for r in ours)
        report.add(f"acked events not delivered after the drain, {conns} connections", lost, "0",
                   lost == 0)


def front(args, rulers, report):
    """The front alone: a fixed 202 without a store, beside a bare epoll loop."""
    for conns in args.connections:
        rows = {"epollsrv": [], "front": []}
        for turn in range(args.rounds):
            for kind in ("epollsrv", "front"):
                port = free_port()
                process = (rulers.start("epollsrv", "-p", port) if kind == "epollsrv" else
                           subprocess.Popen([args.programs + "/front_bench", str(port)],
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
                wait_port(port, process)
                rows[kind].append(rulers.load(port, "/", conns, args.seconds, process.pid, 1))
                process.kill()
                process.wait()
        ratio = median(rows["front"], "rps") / median(rows["epollsrv"], "rps")
        report.add(f"front alone / bare epoll loop, {conns} connections", ratio, ">= 0.7",
                   ratio >= 0.7)
        cpu = median(rows["front"], "srv_cpu_us_req")
        floor = median(rows["epollsrv"], "srv_cpu_us_req")
        print(f"     bare epoll loop: {floor} µs CPU a request", flush=True)
        report.add(f"front alone, µs of CPU a request, {conns} connections", cpu, "<= 8", cpu <= 8)


def rules(args, rulers, report):
    """Parse, normalize, route 21 rules and write, as a multiple of the parse alone."""
    done = subprocess.run([args.programs + "/rule_bench",
                           str(ROOT / "plugins" / "github" / "fixtures" / "push.json")],
                          capture_output=True, text=True)
    print("     " + done.stdout.strip().replace("\n", "\n     "), flush=True)
    report.add("rule path within 8x of the parse (1 = yes)", float(done.returncode == 0), "1",
               done.returncode == 0)


# What abi.md's prototype measured, for comparison: a plain C runner before any real work.
PROTOTYPE = {"in_process_us": "0.02", "isolated_lone_us": "3.5-60", "isolated_pipelined_us": "2.2",
             "child_start_ms": "0.7-0.9", "crash_noticed_ms": "0.04-0.6",
             "idle_child_pss_mib": "0.2-0.5"}
GOALS = {"in_process_us": 1, "isolated_pipelined_us": 8, "child_start_ms": 20,
         "crash_noticed_ms": 5, "idle_child_pss_mib": 4}


def isolation(args, rulers, report):
    """A connector that does nothing, in the server and in a process of its own."""
    folder = pathlib.Path(args.programs)
    done = subprocess.run([folder / "isolation_bench", folder / "connectors",
                           pathlib.Path(args.binary).parent / "junctor-runner"],
                          capture_output=True, text=True, check=True)
    for name, value in json.loads(done.stdout).items():
        goal = GOALS.get(name)
        report.add(f"isolation: {name} (prototype {PROTOTYPE[name]})", value,
                   f"<= {goal}" if goal else "-", goal is None or value <= goal)


def cold(args, rulers, report):
    """Exec to ready with 100,000 deliveries pending: their receiver answers nothing at all."""
    server = Junctor(args.binary, free_port())  # nobody listens there
    rulers.load(server.port, server.path, 256, 0, server.process.pid, 1, count=100_000)
    for _ in range(600):
        if json.loads(server.cli("ledger", "--output", "json"))["inbox"] == 0:
            break
        time.sleep(0.5)
    server.process.kill()
    server.process.wait()
    started = time.monotonic()
    server.start()
    while True:
        try:
            if get_json(server.admin, "/readyz")["status"] == "ready":
                break
        except OSError:
            time.sleep(0.005)
    seconds = time.monotonic() - started
    report.add("cold start to ready with 100,000 pending deliveries, s", seconds, "<= 1",
               seconds <= 1)
    server.stop()


def half_load(args, rulers, report):
    sink = Sink(rulers)
    server = Junctor(args.binary, sink.port)
    full = one_run(rulers, sink, server, 32, args.seconds, 1)
    half = one_run(rulers, sink, server, 32, args.seconds, 50_000_000, rate=int(full["rps"] / 2))
    print(f"     half load: {half}", flush=True)
    report.add("p50 from sending to delivery at half load, ms", half["e2e_p50"], "<= 10",
               half["e2e_p50"] <= 10)
    server.stop()
    sink.process.kill()


def flat(args, rulers, report):
    """A store that holds much beside an empty one, in turns: the machine's disk has its moods."""
    sink = Sink(rulers)
    full = Junctor(args.binary, sink.port)
    rulers.load(full.port, full.path, 256, 0, full.process.pid, 100_000_000, count=args.stored)
    sink.settle(args.stored, 600)
    rows = {"empty": [], "filled": []}
    for turn in range(args.rounds):
        empty = Junctor(args.binary, sink.port)
        for kind, server in (("empty", empty), ("filled", full)):
            row = one_run(rulers, sink, server, 64, args.seconds, 200_000_000 + turn * 5_000_000)
            rows[kind].append(row)
            print(f"     {kind:8} {row}", flush=True)
        empty.stop()
    ratio = median(rows["filled"], "rps") / median(rows["empty"], "rps")
    report.add(f"ingest rate with {args.stored} events stored / empty", ratio, ">= 0.85",
               ratio >= 0.85)
    full.stop()
    sink.process.kill()


def idle(args, rulers, report):
    server = Junctor(args.binary, free_port())
    time.sleep(1)
    before = rss_mb(server.process.pid)
    report.add("idle memory, MiB", before, "<= 40", before <= 40)
    connections = []
    for _ in range(5000):
        connection = socket.create_connection(("127.0.0.1", server.port))
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        connections.append(connection)
    for connection in connections:
        connection.recv(4096)
    added = rss_mb(server.process.pid) - before
    report.add("5,000 idle keep-alive connections add, MiB", added, "<= 64", added <= 64)
    for connection in connections:
        connection.close()
    server.stop()


PARTS = {"front": front, "rules": rules, "isolation": isolation, "ingest": ingest,
         "half_load": half_load, "idle": idle,
         "cold": cold, "flat": flat}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "build" / "stage" / "bin" / "junctor"))
    parser.add_argument("--programs", default=str(ROOT / "build" / "dev" / "bench"))
    parser.add_argument("--rulers", default=os.environ.get("JUNCTOR_RULERS",
                                                           str(ROOT / ".." / "shared" / "bench")))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--stored", type=int, default=1_000_000)
    parser.add_argument("--connections", type=int, nargs="+", default=[32, 256])
    parser.add_argument("--only", nargs="+", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--json")
    args = parser.parse_args()
    import resource
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if not pathlib.Path(args.rulers, "build.sh").exists():
        sys.exit(f"no measuring programs at {args.rulers}: name their folder with --rulers")
    rulers, report = Rulers(args.rulers), Report()
    for part in args.only:
        PARTS[part](args, rulers, report)
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(report.rows, indent=2))
    sys.exit(0 if all(row["ok"] for row in report.rows) else 1)


if __name__ == "__main__":
    main()
