"""What a destination gets, and when: pause, circuit breaker, rate and concurrency; seen from the
receiver and the CLI."""
import random
import threading
import time
import unittest

from junctor_harness import (Junctor, KeepAlive, Reply, ROUTE_ALL, Sink, http_destination,
                             standard_webhooks, wait_until)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Destinations(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.sink.open()
        self.addCleanup(self.sink.close)
        self.server = Junctor(env={"E2E_SECRET": SECRET})
        self.addCleanup(self.server.__exit__, None, None, None)

    def start(self, others=(), **more):
        more.setdefault("retry", {"schedule": ["0s", "100ms", "100ms", "100ms"]})
        self.server.write_tenant(
            "acme", [{"id": "in", "connector": "standard-webhooks",
                      "webhook_secrets": ["env:E2E_SECRET"]}],
            [http_destination("sink", self.sink.port, **more), *others], {"all": ROUTE_ALL})
        self.server.start()
        self.server.apply()

    def send(self, count):
        connection = KeepAlive(self.server.port)
        events = set()
        for number in range(count):
            answer = connection.request("POST", "/v1/webhooks/incoming/in", *standard_webhooks(
                SECRET, {"type": "order.paid", "number": number}))
            self.assertEqual(answer.status, 202)
            events.add(answer.json()["event_id"])
        return events

    def shown(self, name="sink"):
        listed = self.server.cli_json("destination", "list", "--tenant", "acme")["items"]
        return next(item for item in listed if item["name"] == name)

    def delivered(self):
        return {received.json()["id"] for received in self.sink.all()}

    def ledger(self):
        return self.server.cli_json("ledger", "--tenant", "acme")

    def test_a_paused_destination_gets_nothing_and_loses_nothing_also_over_a_restart(self):
        self.start()
        before = self.send(1)
        wait_until(lambda: self.delivered() == before, "the first event is delivered")
        self.server.cli("destination", "pause", "sink", "--tenant", "acme")
        while_paused = self.send(50)
        wait_until(lambda: self.ledger()["pending"] == 50, "the deliveries wait")
        self.assertEqual(self.shown()["state"], "paused")
        self.assertIn("paused", self.shown()["problem"])
        self.server.stop()
        self.server.restart()
        time.sleep(1)  # longer than a scan waits
        self.assertEqual(self.delivered(), before)
        self.server.cli("destination", "resume", "sink", "--tenant", "acme")
        wait_until(lambda: self.delivered() == before | while_paused, "the others are delivered")
        self.assertEqual(self.ledger()["dead"], 0)
        self.assertEqual(self.shown()["problem"], "")

    def test_a_receiver_that_is_down_costs_what_waits_for_it_no_attempts(self):
        self.start()
        self.sink.close()
        events = self.send(400)
        wait_until(lambda: self.shown()["state"] in ("open", "probing", "error"),
                   "the circuit opens")
        time.sleep(3)  # without a breaker four attempts each are long used up by then
        self.assertLess(self.server.metric("junctor_dead_letters_total"), 50)
        opened = self.server.metric("junctor_circuits_opened_total")
        self.assertGreaterEqual(opened, 1)
        dead = int(self.server.metric("junctor_dead_letters_total"))
        self.sink.open()
        wait_until(lambda: len(self.delivered()) >= len(events) - dead - 20,
                   "what waited is delivered")
        wait_until(lambda: self.ledger()["pending"] == 0, "nothing waits any more")
        ledger = self.ledger()
        notices = [r for r in self.sink.all() if r.json()["type"].startswith("junctor.")]
        self.assertEqual(ledger["delivered"] + ledger["dead"], len(events) + len(notices))
        self.assertLess(ledger["dead"], 70)  # only what was under way when it went down, and probes
        self.assertEqual(self.shown()["problem"], "")

    def test_a_receiver_that_is_down_does_not_hold_back_another(self):
        other = Sink()
        other.open()
        self.addCleanup(other.close)
        self.start(others=[http_destination("other", other.port)])
        self.server.write_tenant(
            "acme", [{"id": "in", "connector": "standard-webhooks",
                      "webhook_secrets": ["env:E2E_SECRET"]}],
            [http_destination("sink", self.sink.port), http_destination("other", other.port)],
            {"both": 'return jn.route { rules = { { name = "both", when = {},'
                     ' to = { "sink", "other" } } } }\n'})
        self.server.apply()
        self.sink.close()
        events = self.send(3000)
        wait_until(lambda: {r.json()["id"] for r in other.all()} == events,
                   "the healthy receiver has all")

    def test_the_receivers_concurrency_is_kept(self):
        running, most, lock = [0], [0], threading.Lock()

        def slow(_received):
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            time.sleep(0.05)
            with lock:
                running[0] -= 1
            return Reply(200)

        self.sink.behave = slow
        self.start(concurrency=3)
        events = self.send(40)
        wait_until(lambda: self.delivered() == events, "all are delivered")
        self.assertLessEqual(most[0], 3)
        self.assertEqual(self.shown()["concurrency_max"], 3)

    def test_the_rate_limit_is_kept(self):
        self.start(rate_limit="20/s")
        events = self.send(70)
        wait_until(lambda: self.delivered() == events, "all are delivered")
        times = sorted(received.at for received in self.sink.all())
        # The first second's worth may come at once, the other 50 take 2.5 s.
        self.assertGreater(times[-1] - times[0], 2.0)
        self.assertEqual(self.shown()["rate_limit"], "20/s")
        self.assertEqual(self.ledger()["dead"], 0)

    def test_too_many_requests_with_retry_after_silences_the_whole_lane(self):
        first = threading.Event()

        def busy_once(_received):
            if first.is_set():
                return Reply(200)
            first.set()
            return Reply(429, {"Retry-After": "2"})

        self.sink.behave = busy_once
        self.start(concurrency=1)
        events = self.send(5)
        wait_until(lambda: len({r.json()["id"] for r in self.sink.all() if r.answered}) == 5,
                   "all are delivered")
        arrivals = [received.at for received in self.sink.all()]
        self.assertEqual(len(arrivals), len(events) + 1)
        self.assertGreater(arrivals[1] - arrivals[0], 1.9)

    def test_deliveries_of_one_key_arrive_in_order_though_every_fifth_fails(self):
        chance = random.Random(5)
        self.sink.behave = lambda _received: Reply(500 if chance.random() < 0.2 else 200)
        self.start(retry={"schedule": ["0s"] + ["50ms"] * 15})
        self.server.write_tenant(
            "acme", [{"id": "in", "connector": "standard-webhooks",
                      "webhook_secrets": ["env:E2E_SECRET"]}],
            [http_destination("sink", self.sink.port, retry={"schedule": ["0s"] + ["50ms"] * 15})],
            {"all": 'return jn.route { rules = { { name = "all", when = {}, to = "sink",'
                    ' key = "payload.account" } } }\n'})
        self.server.apply()
        connection = KeepAlive(self.server.port)
        for number in range(400):
            self.assertEqual(connection.request(
                "POST", "/v1/webhooks/incoming/in", *standard_webhooks(
                    SECRET, {"type": "step", "account": f"a{number % 20}", "n": number})).status, 202)
            if number == 200:
                self.server.kill()
                self.server.restart()
                connection = KeepAlive(self.server.port)
        wait_until(lambda: self.ledger()["delivered"] == 400, "all are delivered")
        seen = {}
        for received in self.sink.all():
            payload = received.json()["data"]["payload"]
            self.assertGreaterEqual(payload["n"], seen.get(payload["account"], -1), payload)
            seen[payload["account"]] = payload["n"]


if __name__ == "__main__":
    unittest.main(verbosity=2)
