"""What becomes of a delivery, by what the receiver answers; seen from the receiver and the CLI."""
import time
import unittest

from junctor_harness import (Junctor, Reply, ROUTE_ALL, Sink, http_destination, standard_webhooks,
                             wait_until)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
QUICK = {"schedule": ["0s", "100ms", "100ms"]}


class Retries(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.sink.open()
        self.addCleanup(self.sink.close)
        self.server = Junctor(env={"E2E_SECRET": SECRET})
        self.addCleanup(self.server.__exit__, None, None, None)

    def start(self, retry=None, **more):
        self.server.write_tenant(
            "acme", [{"id": "in", "connector": "standard-webhooks",
                      "webhook_secrets": ["env:E2E_SECRET"]}],
            [http_destination("sink", self.sink.port, retry=retry or QUICK, **more)],
            {"all": ROUTE_ALL})
        self.server.start()
        self.server.apply()

    def send(self, **payload):
        answer = self.server.post(
            "in", *standard_webhooks(SECRET, {"type": "order.paid", **payload}))
        self.assertEqual(answer.status, 202)
        return answer.json()["event_id"]

    def settled(self, event_id, state):
        return self.server.settled(event_id, state)[0]

    def answers(self, *replies):
        """The sink gives these answers in turn, the last one for ever."""
        left = list(replies)
        self.sink.behave = lambda received: left.pop(0) if len(left) > 1 else left[0]

    def test_a_failure_is_tried_again_with_the_same_id_and_bytes_and_a_new_time(self):
        self.start()
        self.answers(Reply(500), Reply(302, {"Location": "/elsewhere"}), Reply(200))
        event = self.send()
        delivery = self.settled(event, "delivered")
        received = self.sink.wait_for(3)
        self.assertEqual(delivery["attempts"], 3)
        self.assertEqual(len({r.webhook_id for r in received}), 1)
        self.assertEqual(len({r.body for r in received}), 1)
        self.assertEqual({r.path for r in received}, {"/sink"}, "redirects are not followed")
        self.assertTrue(all(r.verifies() for r in received))

    def test_after_the_last_attempt_the_delivery_is_a_dead_letter_that_can_be_replayed(self):
        self.start()
        self.answers(Reply(500))
        event = self.send()
        dead = self.settled(event, "dead")
        self.assertEqual(dead["attempts"], 3)
        self.assertIn("attempts", dead["reason"])
        listed = self.server.cli_json("deadletters", "list", "--tenant", "acme")
        self.assertEqual([d["id"] for d in listed["items"]], [dead["id"]])
        self.answers(Reply(200))
        self.server.cli("deadletters", "replay", dead["id"])
        self.settled(event, "delivered")
        received = self.sink.wait_for(4)
        self.assertEqual(len({r.webhook_id for r in received}), 1)

    def test_replaying_an_event_makes_new_deliveries(self):
        self.start()
        event = self.send()
        self.settled(event, "delivered")
        self.server.cli("events", "replay", event)
        self.sink.wait_for(2)
        wait_until(lambda: len(self.server.find_event(event)["deliveries"]) == 2,
                   "a second delivery is listed")

    def test_retry_after_is_honoured(self):
        self.start()
        self.answers(Reply(429, {"Retry-After": "2"}), Reply(200))
        self.settled(self.send(), "delivered")
        first, second = self.sink.wait_for(2)
        self.assertGreaterEqual(second.at - first.at, 1.9)

    def test_410_ends_the_delivery_and_disables_the_destination(self):
        self.start()
        self.answers(Reply(410))
        dead = self.settled(self.send(), "dead")
        self.assertEqual(dead["attempts"], 1)
        self.assertIn("410", dead["reason"])
        later = self.send()
        time.sleep(0.5)
        self.assertEqual(self.sink.count(), 1, "nothing more is sent there")
        self.assertIn("deliveries to sink wait: it answered 410", self.doctor(code=1))
        self.answers(Reply(200))
        self.server.apply()  # somebody looked after it
        self.settled(later, "delivered")

    def test_doctor_names_what_cannot_verify_or_sign_after_a_restart(self):
        self.start()
        self.server.cli("doctor")
        del self.server.env["E2E_SECRET"]
        self.server.stop()
        self.server.start()
        self.assertIn("integration in answers 503: env:E2E_SECRET is not set", self.doctor(code=1))

    def doctor(self, code):
        answer = self.server.cli("doctor", check=False)
        self.assertEqual(answer.returncode, code, answer.stdout)
        return answer.stdout

    def test_an_attempt_records_how_long_the_receiver_took(self):
        self.start()
        self.answers(Reply(200, delay_s=0.4))
        for _ in range(3):
            attempt = self.settled(self.send(), "delivered")["attempt_log"][0]
            self.assertEqual(attempt["status"], 200)
            self.assertGreaterEqual(attempt["latency_us"], 400_000)

    def test_a_truncated_or_reset_answer_is_a_failure(self):
        self.start()
        self.answers(Reply(200, truncate=True), Reply(reset=True), Reply(200))
        self.assertEqual(self.settled(self.send(), "delivered")["attempts"], 3)

    def test_a_receiver_that_does_not_answer_is_given_up_at_the_deadline(self):
        self.start(timeout="300ms")
        self.answers(Reply(200, delay_s=2), Reply(200))
        self.assertEqual(self.settled(self.send(), "delivered")["attempts"], 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
