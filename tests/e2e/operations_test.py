"""What an operator sees: replays by query, destinations in error, the ledger, limits, priorities,
loops and what comes out of order."""
import json
import sqlite3
import time
import unittest

from junctor_harness import (Junctor, KeepAlive, Reply, ROUTE_ALL, Sink, http_destination,
                             standard_webhooks, wait_until)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ONE_TRY = {"schedule": ["0s"]}
QUIET = """return jn.route { rules = {
  { name = "notices", priority = 9, when = { type = "junctor.*" }, to = "notices", stop = true },
  { name = "all", when = {}, to = "sink" } } }
"""


class Operations(unittest.TestCase):
    def setUp(self):
        self.sink, self.notices = Sink(), Sink()
        for sink in (self.sink, self.notices):
            sink.open()
            self.addCleanup(sink.close)
        self.server = Junctor(env={"E2E_SECRET": SECRET})
        self.addCleanup(self.server.__exit__, None, None, None)

    def write(self, rules=QUIET, integration=None, limits=None, weight=1, tenant="acme", **more):
        more.setdefault("retry", ONE_TRY)
        self.server.write_tenant(
            tenant, [{"id": "in" if tenant == "acme" else f"in-{tenant}",
                      "connector": "standard-webhooks", "webhook_secrets": ["env:E2E_SECRET"],
                      **(integration or {})}],
            [http_destination("sink", self.sink.port, **more),
             http_destination("notices", self.notices.port, retry=ONE_TRY)],
            {"all": rules}, weight=weight, limits=limits or {})

    def start(self, **more):
        self.write(**more)
        self.server.start()
        self.server.apply()

    def post(self, headers=None, **payload):
        body, signed = standard_webhooks(SECRET, {"type": "order.paid", **payload})
        return self.server.post("in", body, {**signed, **(headers or {})})

    def send(self, count=1, **payload):
        connection, events = KeepAlive(self.server.port), []
        for number in range(count):
            answer = connection.request("POST", "/v1/webhooks/incoming/in", *standard_webhooks(
                SECRET, {"type": "order.paid", "number": number, **payload}))
            self.assertEqual(answer.status, 202)
            events.append(answer.json()["event_id"])
        return events

    def cli_json(self, *arguments):
        return self.server.cli_json(*arguments, "--tenant", "acme")

    def ledger(self):
        return self.cli_json("ledger")

    def shown(self):
        return next(item for item in self.cli_json("destination", "list")["items"]
                    if item["name"] == "sink")

    def told(self):
        return [received.json()["type"] for received in self.notices.all()]

    def replay(self, *arguments):
        made = self.cli_json("replay", "create", *arguments)
        return lambda: self.cli_json("replay", "show", made["id"])

    # ---- replays

    def test_events_run_again_by_query_after_a_preview(self):
        self.start()
        wanted = self.send(30)
        self.send(10, type="order.sent")
        self.sink.wait_for(40)
        query = ("--type", "order.p*", "--since", "2020-01-01T00:00:00Z")
        self.assertEqual(self.cli_json("replay", "create", *query, "--preview")["total"], 30)
        status = self.replay(*query)
        wait_until(lambda: status()["state"] == "done", "the replay is done")
        self.assertEqual((status()["done"], status()["failed"]), (30, 0))
        received = self.sink.wait_for(70)[40:]
        self.assertEqual({r.json()["id"] for r in received}, set(wanted))
        self.assertEqual(self.cli_json("replay", "list")["items"][0]["total"], 30)

    def test_a_replay_keeps_its_rate_survives_a_kill_and_repeats_nothing(self):
        self.start()
        wanted = self.send(120)
        self.sink.wait_for(120)
        status = self.replay("--type", "order.paid", "--rate", "40")
        began = time.monotonic()
        self.sink.wait_for(140)
        self.server.kill()
        self.server.restart()
        wait_until(lambda: status()["state"] == "done", "the replay is done")
        self.assertGreater(time.monotonic() - began, 2.0, "120 at 40 a second")
        self.assertEqual(status()["done"], 120)
        wait_until(lambda: self.ledger()["pending"] == 0, "all is delivered")
        self.assertEqual(self.ledger()["accepted"], 240, "each event has one delivery more")
        again = [r.json()["id"] for r in self.sink.all()[120:]]
        self.assertEqual(set(again), set(wanted))

    def test_a_replay_is_cancelled(self):
        self.start()
        self.send(50)
        self.sink.wait_for(50)
        status = self.replay("--type", "order.paid", "--rate", "5")
        self.server.cli("replay", "cancel", status()["id"], "--tenant", "acme")
        self.assertEqual(status()["state"], "cancelled")
        count = status()["done"]
        time.sleep(1)
        self.assertEqual(status()["done"], count)

    def test_dead_letters_of_one_cause_run_again(self):
        self.sink.behave = lambda r: Reply(400 if r.json()["data"]["payload"].get("bad") else 200)
        self.start()
        good, bad = self.send(1), self.send(3, bad=True)
        for event in bad:
            self.server.settled(event, "dead")
        causes = self.cli_json("deadletters", "list", "--causes")["items"]
        self.assertEqual([(c["count"], c["destination"]) for c in causes], [(3, "sink")])
        cause = causes[0]["fingerprint"]
        listed = self.cli_json("deadletters", "list", "--fingerprint", cause)["items"]
        self.assertEqual({d["event_id"] for d in listed}, set(bad))
        self.sink.behave = lambda r: Reply(200)
        made = self.cli_json("deadletters", "replay", "--fingerprint", cause)
        self.assertEqual(made["total"], 3)
        for event in good + bad:
            self.server.settled(event, "delivered")
        self.assertEqual(self.cli_json("deadletters", "list", "--causes")["items"], [])

    # ---- destinations in error

    def test_five_dead_deliveries_in_a_row_park_the_rest_tell_the_tenant_and_drain(self):
        self.sink.behave = lambda r: Reply(500)
        self.start()
        for number in range(5):
            self.server.settled(self.send(1)[0], "dead")
        wait_until(lambda: self.shown()["state"] == "error", "the destination is in error")
        self.assertIn("in error since", self.shown()["problem"])
        waiting = self.send(30)
        wait_until(lambda: self.ledger()["pending"] >= 29, "the others wait")
        self.notices.wait_for(1)
        self.assertEqual(self.told(), ["junctor.destination.error"])
        notice = self.notices.all()[0].json()
        self.assertEqual(notice["data"]["data"]["name"], "sink")
        self.assertIn("in error", self.server.cli("doctor", check=False).stdout)
        self.server.kill()
        self.server.restart()
        self.assertEqual(self.shown()["state"], "error", "known after a restart")
        self.sink.behave = lambda r: Reply(200)
        wait_until(lambda: self.ledger()["pending"] == 0, "all drained by itself", 60)
        self.assertIn(self.shown()["state"], ("throttled", "flowing"), "it gets more step by step")
        wait_until(lambda: "junctor.destination.recovered" in self.told(), "the end is told")
        self.assertEqual(self.told().count("junctor.destination.error"), 1)
        self.assertLess(self.ledger()["dead"], 5 + 5, f"only probes died: {len(waiting)} waited")

    def test_resuming_a_destination_in_error_lets_all_go_on_at_once(self):
        self.sink.behave = lambda r: Reply(500)
        self.start()
        for number in range(5):
            self.server.settled(self.send(1)[0], "dead")
        wait_until(lambda: self.shown()["state"] == "error", "the destination is in error")
        events = self.send(10)
        self.sink.behave = lambda r: Reply(200)
        self.server.cli("destination", "resume", "sink", "--tenant", "acme")
        self.assertEqual(self.shown()["state"], "flowing")
        for event in events:
            self.server.settled(event, "delivered")

    def test_a_410_disables_and_is_told_once(self):
        self.sink.behave = lambda r: Reply(410)
        self.start()
        self.send(5)
        self.notices.wait_for(1)
        wait_until(lambda: self.ledger()["waiting"] + self.ledger()["dead"] == 5, "none goes on")
        self.assertEqual(self.told(), ["junctor.destination.disabled"])

    # ---- the ledger

    def test_the_ledger_balances_and_rings_when_the_store_was_corrupted(self):
        self.start()
        self.send(20)
        wait_until(lambda: self.ledger()["delivered"] == 20, "all is delivered")
        self.assertTrue(self.ledger()["balanced"])
        self.assertEqual(self.server.metric("junctor_ledger_imbalances"), 0)
        self.server.stop()
        with sqlite3.connect(self.server.data / "junctor.db") as database:
            database.execute("DELETE FROM delivery WHERE key = (SELECT min(key) FROM delivery)")
        self.server.restart()
        wait_until(lambda: self.server.metric("junctor_ledger_imbalances") > 0, "the alarm rings",
                   60)
        done = self.server.cli("ledger", "--tenant", "acme", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("accepted: 20 counted, 19 stored", done.stdout + done.stderr)
        ready = self.server.admin("/readyz")
        self.assertIn("acme: accepted", ready.body.decode())
        self.assertIn("the ledger does not balance", self.server.log())
        self.assertIn("does not balance", self.server.cli("doctor", check=False).stdout)

    # ---- limits

    def test_more_than_the_rate_is_answered_429_with_retry_after(self):
        self.start(integration={"rate_limit": "2/s"})
        answers = [self.post(number=n) for n in range(8)]
        refused = [a for a in answers if a.status == 429]
        self.assertGreaterEqual(len(refused), 4)
        self.assertEqual({a.headers.get("retry-after") for a in refused}, {"1"})
        taken = [a for a in answers if a.status == 202]
        wait_until(lambda: self.ledger()["delivered"] == len(taken), "what was taken is delivered")
        self.assertEqual(self.server.metric("junctor_ingest_limited_total"), len(refused))

    def test_at_its_cap_a_tenant_gets_429_and_is_told(self):
        self.start(limits={"events_per_hour": {"soft": 3, "hard": 5}})
        answers = [self.post(number=n) for n in range(8)]
        # The notices themselves are the host's: no cap keeps a tenant from hearing of it.
        self.assertEqual([a.status for a in answers], [202] * 5 + [429] * 3)
        self.notices.wait_for(2)
        self.assertEqual(sorted(self.told()), ["junctor.limit.hard", "junctor.limit.soft"])
        used = self.cli_json("usage")["items"][0]
        self.assertEqual(used["capped"], "events_per_hour")
        self.assertEqual(used["limits"]["events_per_hour"], {"soft": 3, "hard": 5})
        self.server.stop()
        self.server.restart()
        self.assertEqual(self.post(number=9).status, 429, "counts outlive a restart")

    def test_at_its_cap_a_tenant_may_park_or_drop_bulk_never_in_silence(self):
        rules = """return jn.route { rules = {
          { name = "bulk", when = { type = "bulk" }, to = "sink", priority_class = "bulk" },
          { name = "rest", when = { type = "order.*" }, to = "sink" } } }
        """
        self.start(rules=rules, limits={"events_per_hour": 3, "at_cap": "drop_bulk"})
        self.send(3)
        wait_until(lambda: self.cli_json("usage")["items"][0]["events"] >= 3, "counted")
        dropped, parked = self.send(2, type="bulk"), self.send(2)
        for event in dropped:
            delivery = self.server.settled(event, "discarded")[0]
            self.assertEqual(delivery["reason"], "cap: events_per_hour")
        for event in parked:
            self.server.settled(event, "pending")
        self.assertTrue(self.ledger()["balanced"])

    # ---- priorities

    def test_what_is_urgent_overtakes_a_backlog_of_bulk(self):
        rules = """return jn.route { rules = {
          { name = "urgent", when = { type = "alarm" }, to = "sink", priority_class = "urgent" },
          { name = "bulk", when = { type = "order.*" }, to = "sink", priority_class = "bulk" } } }
        """
        self.sink.behave = lambda r: Reply(200, delay_s=0.01)
        self.start(rules=rules, concurrency=1)
        self.send(600)
        alarms = set(self.send(5, type="alarm"))
        wait_until(lambda: alarms <= {r.json()["id"] for r in self.sink.all()}, "alarms arrive")
        self.assertLess(self.sink.count(), 500, "long before the backlog is through")
        wait_until(lambda: self.ledger()["pending"] == 0, "bulk goes on")

    # ---- loops and what is stale

    def test_a_rule_that_calls_itself_is_a_dead_letter_that_names_it(self):
        self.server.write_tenant(
            "acme", [{"id": "in", "connector": "standard-webhooks",
                      "webhook_secrets": ["env:E2E_SIGNING_SECRET"]}],
            [{"name": "self", "type": "http", "allow_private": True, "retry": ONE_TRY,
              "signing_secrets": ["env:E2E_SIGNING_SECRET"],
              "url": f"http://127.0.0.1:{self.server.port}/v1/webhooks/incoming/in"}],
            {"all": 'return jn.route { rules = { { name = "echo", when = {}, to = "self" } } }\n'})
        self.server.start()
        self.server.apply()
        from junctor_harness import SIGNING_SECRET
        answer = self.server.post("in", *standard_webhooks(SIGNING_SECRET, {"type": "order.paid"}))
        self.assertEqual(answer.status, 202)
        wait_until(lambda: self.ledger()["dead"] == 1, "the second round is dead")
        dead = self.cli_json("deadletters", "list")["items"][0]
        self.assertEqual(dead["reason"], "loop: echo > self, and again echo > self")
        self.assertEqual(self.ledger()["requests"], 2)

    def test_a_route_of_the_latest_only_filters_what_is_stale(self):
        rules = """
        return jn.normalize { accepts = { source = "standard-webhooks" }, event = function(ev)
          return { type = "ticket", at = ev.at, resource = { type = "ticket", id = "7" } }
        end }, jn.route { latest_only = true, rules = { { name = "all", when = {}, to = "sink" } } }
        """
        self.start(rules=rules)
        first = self.send(1, at="2026-01-02T00:00:00Z")[0]
        self.server.settled(first, "delivered")
        late = self.send(1, at="2026-01-01T00:00:00Z")[0]
        self.assertIn("stale", self.server.settled(late, "filtered")[0]["reason"])
        self.assertTrue(self.server.find_event(late)["stale"])
        newer = self.send(1, at="2026-01-03T00:00:00Z")[0]
        self.server.settled(newer, "delivered")
        self.assertFalse(self.server.find_event(newer)["stale"])


if __name__ == "__main__":
    unittest.main()
