#!/usr/bin/env python3
"""What the zoo of faulty connectors costs a good one beside it, in one server: the good connector's
times alone and with the zoo busy, in turns. Goal: p99 within 1.2 times.

    JUNCTOR_BIN=build/dev/stage/bin/junctor JUNCTOR_ZOO=build/dev/tests/zoo tests/bench/zoo_bench.py

Prints one line per figure and a JSON document with --json. Only the ratio means anything.
"""
import argparse
import json
import pathlib
import statistics
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/support/py"), str(ROOT / "tests/e2e")]
from junctor_harness import Junctor, KeepAlive, Sink, as_body  # noqa: E402
from zoo_test import PREFIX, ZOO, install, loaded, signed, write_tenants  # noqa: E402


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def drive(server, sink, count, rate, label):
    """Sends `count` events to the good connector at a constant rate; (ack, delivery) times in ms."""
    client, sent, acks = KeepAlive(server.port), {}, []
    first = len(sink.all())
    start = time.monotonic()
    for number in range(count):
        due = start + number / rate
        time.sleep(max(0, due - time.monotonic()))
        name = f"{label}-{number}"
        body, headers = signed(as_body({"id": name, "type": "thing.happened"}))
        at = time.monotonic()
        answer = client.request("POST", "/v1/webhooks/incoming/in-good", body, headers)
        assert answer.status == 202, answer
        acks.append((time.monotonic() - at) * 1000)
        sent[answer.json()["event_id"]] = at
    delivered, end = {}, time.monotonic() + 60
    while len(delivered) < count and time.monotonic() < end:
        for received in sink.all()[first:]:
            event = received.headers.get("ce-id") or json.loads(received.body)["id"]
            if event in sent and event not in delivered:
                delivered[event] = (received.at - sent[event]) * 1000
        time.sleep(0.05)
    assert len(delivered) == count, f"{count - len(delivered)} of {count} were not delivered"
    return acks, list(delivered.values())


def bother(server, animals, rate, stop):
    """Sends to one faulty connector after the other until told to stop."""
    client, number = KeepAlive(server.port), 0
    while not stop.is_set():
        name = animals[number % len(animals)]
        body, headers = signed(as_body({"id": f"{name}-{time.time_ns()}", "type": "thing.happened"}))
        client.request("POST", f"/v1/webhooks/incoming/in-{name}", body, headers)
        number += 1
        stop.wait(1 / rate)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=100, help="events a second to the good one")
    parser.add_argument("--bother", type=float, default=20, help="events a second to the others")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = {"alone": ([], []), "beside the zoo": ([], [])}
    with Junctor() as server, Sink() as sink:
        install(server, sorted(ZOO.glob("*.so")))
        animals = sorted(loaded(server))
        write_tenants(server, sink, animals)
        server.apply()
        animals.remove("good")
        drive(server, sink, 100, options.rate, "warm")
        for turn in range(options.rounds):
            for kind, (acks, times) in results.items():
                stop, bothering = threading.Event(), None
                if kind != "alone":
                    for name in animals:  # let all of them crash anew
                        server.cli("connector", "release", f"{PREFIX}.{name}", check=False)
                    bothering = threading.Thread(target=bother,
                                                 args=(server, animals, options.bother, stop))
                    bothering.start()
                more = drive(server, sink, options.count, options.rate, f"{kind[0]}{turn}")
                stop.set()
                if bothering:
                    bothering.join()
                acks += more[0]
                times += more[1]
    report = {kind: {"ack_p50_ms": round(statistics.median(acks), 3),
                     "ack_p99_ms": round(percentile(acks, 0.99), 3),
                     "delivered_p50_ms": round(statistics.median(times), 3),
                     "delivered_p99_ms": round(percentile(times, 0.99), 3)}
              for kind, (acks, times) in results.items()}
    report["ratio"] = {key: round(report["beside the zoo"][key] / value, 3)
                       for key, value in report["alone"].items()}
    report["animals"] = len(animals)
    if options.json:
        print(json.dumps(report, indent=1))
    else:
        for kind, figures in report.items():
            print(f"{kind:15}", figures)


if __name__ == "__main__":
    main()
