#!/usr/bin/env python3
"""Does one tenant's trouble reach another? Ratios of one run.

- noisy: eight tenants send a few events a second each, alone and while a ninth has a backlog of
  --backlog deliveries for a receiver of its own: their p99 from webhook to receipt, and Jain's index of what they got.
- dead: --dead dead letters; p99 of a page, and live deliveries while --replay of them run again.

The sink is a process of its own. Prints one line a figure; exits 1 if a goal is missed.
Needs JUNCTOR_BIN and PYTHONPATH=tests/support/py.
"""
import argparse
import multiprocessing
import pathlib
import selectors
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
from junctor_harness import (Junctor, KeepAlive, free_port, http_destination,  # noqa: E402
                             standard_webhooks, wait_until)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ROUTE = 'return jn.route { rules = { { name = "all", when = {}, to = "sink" } } }\n'


def sink(port, counts, status, log):
    """Answers `status` to everything on one thread; latency of what carries a time goes to log."""
    server = socket.create_server(("127.0.0.1", port), backlog=1024)
    server.setblocking(False)
    poll = selectors.DefaultSelector()
    poll.register(server, selectors.EVENT_READ)
    parts = {}
    while True:
        for key, _ in poll.select():
            if key.fileobj is server:
                peer, _ = server.accept()
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                poll.register(peer, selectors.EVENT_READ)
                parts[peer] = b""
                continue
            peer = key.fileobj
            try:
                data = peer.recv(262144)
            except OSError:
                data = b""
            if not data:
                poll.unregister(peer)
                peer.close()
                continue
            held = parts[peer] + data
            while (end := held.find(b"\r\n\r\n")) >= 0:
                head = held[:end].lower()
                at = head.find(b"content-length:")
                size = int(head[at + 15:].split(b"\r\n", 1)[0])
                if len(held) < end + 4 + size:
                    break
                body, held = held[end + 4:end + 4 + size], held[end + 4 + size:]
                with counts.get_lock():
                    counts.value += 1
                mark = body.find(b'"sent_at":')
                if mark >= 0:
                    sent = float(body[mark + 10:].split(b",", 1)[0].split(b"}", 1)[0])
                    tenant = head.split(b" ", 2)[1]
                    log.put((tenant.decode(), time.time() - sent))
                code = status.value
                peer.sendall(b"HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\nok" % code)
            parts[peer] = held


class SinkProcess:
    def __init__(self):
        self.port = free_port()
        self.counts = multiprocessing.Value("q", 0)
        self.status = multiprocessing.Value("i", 200)
        self.log = multiprocessing.Queue()
        self.process = multiprocessing.Process(
            target=sink, args=(self.port, self.counts, self.status, self.log), daemon=True)
        self.process.start()


class Bench:
    def __init__(self):
        self.sinks = [SinkProcess(), SinkProcess()]  # of the quiet ones, of the noisy one
        self.counts, self.log = self.sinks[0].counts, self.sinks[0].log
        self.server = Junctor(env={"E2E_SECRET": SECRET})
        self.failed = False

    def tenant(self, name, sink_number=0, **more):
        port = self.sinks[sink_number].port
        self.server.write_tenant(
            name, [{"id": f"in-{name}", "connector": "standard-webhooks",
                    "webhook_secrets": ["env:E2E_SECRET"]}],
            [{**http_destination("sink", port, **more),
              "url": f"http://127.0.0.1:{port}/{name}"}], {"all": ROUTE})

    def start(self):
        self.server.start()
        self.server.apply()

    def flood(self, name, count, threads=8):
        def work(index):
            connection = KeepAlive(self.server.port)
            for _ in range(count // threads):
                answer = connection.request("POST", f"/v1/webhooks/incoming/in-{name}",
                                            *standard_webhooks(SECRET, {"type": "x", "pad": "y" * 500}))
                assert answer.status == 202, answer.status
        workers = [threading.Thread(target=work, args=(i,)) for i in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def trickle(self, names, seconds, rate):
        """Each tenant sends `rate` a second; latencies by tenant, webhook to receipt."""
        while not self.log.empty():
            self.log.get()
        sent = {name: 0 for name in names}

        def work(name):
            connection = KeepAlive(self.server.port)
            end = time.time() + seconds
            while time.time() < end:
                answer = connection.request(
                    "POST", f"/v1/webhooks/incoming/in-{name}",
                    *standard_webhooks(SECRET, {"type": "x", "sent_at": time.time()}))
                if answer.status == 202:
                    sent[name] += 1
                time.sleep(1 / rate)
        workers = [threading.Thread(target=work, args=(name,)) for name in names]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        latencies = {name: [] for name in names}
        patience = time.time() + 30
        while time.time() < patience and sum(map(len, latencies.values())) < sum(sent.values()):
            try:
                path, latency = self.log.get(timeout=1)
            except Exception:
                continue
            latencies.setdefault(path.strip("/"), []).append(latency)
        return sent, latencies

    def report(self, what, value, goal, ok):
        print(f"{'ok  ' if ok else 'MISS'} {what}: {value} (goal {goal})", flush=True)
        self.failed |= not ok

    def close(self):
        self.server.__exit__(None, None, None)
        for one in self.sinks:
            one.process.kill()


def p(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


def noisy(bench, backlog, seconds):
    quiet = [f"quiet{i}" for i in range(8)]
    for name in quiet:
        bench.tenant(name)
    bench.tenant("noisy", sink_number=1)
    bench.start()
    bench.trickle(quiet, 3, 5)
    _, solo = bench.trickle(quiet, seconds, 5)
    alone = [latency for one in solo.values() for latency in one]
    bench.server.cli("destination", "pause", "sink", "--tenant", "noisy")
    bench.flood("noisy", backlog)
    wait_until(lambda: bench.server.cli_json("ledger", "--tenant", "noisy")["pending"] >= backlog * 0.99,
               "the backlog is there", 600)
    before = bench.sinks[1].counts.value
    bench.server.cli("destination", "resume", "sink", "--tenant", "noisy")
    began = time.time()
    sent, busy = bench.trickle(quiet, seconds, 5)
    drained = (bench.sinks[1].counts.value - before) / (time.time() - began)
    pending = bench.server.cli_json("ledger", "--tenant", "noisy")["pending"]
    beside = [latency for one in busy.values() for latency in one]
    shares = [len(busy[name]) / max(1, sent[name]) for name in quiet]
    jain = sum(shares) ** 2 / (len(shares) * sum(s * s for s in shares))
    ratio = p(beside, .99) / p(alone, .99)
    print(f"     solo p50/p99 {p(alone, .5)*1e3:.1f}/{p(alone, .99)*1e3:.1f} ms, beside the backlog "
          f"{p(beside, .5)*1e3:.1f}/{p(beside, .99)*1e3:.1f} ms; {drained:.0f}/s drained, {pending} still pending")
    bench.report("p99 of the others beside a backlog", f"{ratio:.2f}x solo", "2x", ratio <= 2)
    bench.report("Jain's index of what they got", f"{jain:.3f}", "0.95", jain >= 0.95)


def dead(bench, count, replayed, seconds):
    bench.tenant("acme", sink_number=1, retry={"schedule": ["0s"]})
    bench.tenant("live")
    bench.start()
    bench.server.cli("destination", "pause", "sink", "--tenant", "acme")
    bench.flood("acme", count)
    bench.server.stop()
    # What a receiver refused would be in error after five: the letters are written as dead.
    import sqlite3
    with sqlite3.connect(bench.server.data / "junctor.db") as database:
        database.execute("DELETE FROM document WHERE kind = 'destination-paused'")
        database.execute("UPDATE delivery SET state = 5, attempts = 1, tries = 1, reason ="
                         " 'attempts-exhausted: the receiver answered 400', cause = 77 + (key % 50)"
                         " WHERE state = 0")
        moved = database.execute("SELECT changes()").fetchone()[0]
        database.execute("UPDATE counter SET dead = dead + pending, pending = 0")
    bench.server.restart()
    token = {"Authorization": f"Bearer {bench.server.local_token()}"}
    admin = KeepAlive(bench.server.admin_port)
    times, cursor = [], ""
    for query in ["", "destination=sink", f"fingerprint={77 + 7:016x}", "causes"]:
        took = []
        for _ in range(50):
            path = "/v1/tenants/acme/dead-letters" + ("/causes" if query == "causes" else
                                                      f"?limit=250&{query}{cursor}")
            began = time.time()
            answer = admin.request("GET", path, None, token)
            took.append(time.time() - began)
            assert answer.status == 200, answer.body
            following = answer.json().get("next_cursor")
            cursor = f"&cursor={following}" if following and query != "causes" else ""
        cursor = ""
        times += took
        print(f"     pages of '{query or 'all'}': p99 {p(took, .99)*1e3:.0f} ms")
    bench.report(f"p99 of a page of {moved} dead letters", f"{p(times, .99)*1e3:.0f} ms", "200 ms",
                 p(times, .99) <= .2)

    def live(seconds):
        """As many as go through on four connections that wait for their answer."""
        began, before = time.time(), bench.counts.value
        done = [0] * 4

        def work(index):
            connection = KeepAlive(bench.server.port)
            while time.time() - began < seconds:
                answer = connection.request("POST", "/v1/webhooks/incoming/in-live",
                                            *standard_webhooks(SECRET, {"type": "x", "sent_at": time.time()}))
                done[index] += answer.status == 202
        workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        wait_until(lambda: bench.server.cli_json("ledger", "--tenant", "live")["pending"] == 0,
                   "live traffic is delivered", 60)
        return sum(done) / (time.time() - began)
    live(3)
    rounds = [live(seconds)]
    made = bench.server.cli_json("replay", "create", "--tenant", "acme", "--dead-letters",
                                 "--rate", str(replayed // seconds))
    rounds.append(live(seconds))
    status = bench.server.cli_json("replay", "show", made["id"], "--tenant", "acme")
    bench.server.cli("replay", "cancel", made["id"], "--tenant", "acme", check=False)
    ratio = rounds[1] / rounds[0]
    print(f"     live {rounds[0]:.0f}/s alone, {rounds[1]:.0f}/s while {status['done']} of "
          f"{status['total']} ran again")
    bench.report(f"live traffic while {status['done']} run again", f"{ratio:.2f}x", "0.8x", ratio >= 0.8)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["noisy", "dead"])
    parser.add_argument("--backlog", type=int, default=100_000)
    parser.add_argument("--dead", type=int, default=200_000)
    parser.add_argument("--replay", type=int, default=50_000)
    parser.add_argument("--seconds", type=int, default=15)
    args = parser.parse_args()
    bench = Bench()
    try:
        if args.part == "noisy":
            noisy(bench, args.backlog, args.seconds)
        else:
            dead(bench, args.dead, args.replay, args.seconds)
    finally:
        bench.close()
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
