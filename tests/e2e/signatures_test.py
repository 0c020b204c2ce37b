"""P3: no valid signature, no event. Every provider, each of two live secrets, every kind of damage;
what is refused leaves nothing behind."""
import time
import unittest

from junctor_harness import (Junctor, ROUTE_ALL, Sink, generic, github, http_destination, slack,
                             standard_webhooks, stripe)

TEXT = ["the older secret", "the newer secret"]
WHSEC = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]

# connector -> (secrets, sign(secret, at), names of headers that are signed with or carry the time)
PROVIDERS = {
    "github": (TEXT, lambda s, at: github(s, "push", {"ref": "refs/heads/main"}), None),
    "stripe": (WHSEC, lambda s, at: stripe(
        s, {"id": "evt_1", "object": "event", "type": "invoice.paid",
            "data": {"object": {"id": "in_1", "object": "invoice"}}}, at), "Stripe-Signature"),
    "slack": (TEXT, lambda s, at: slack(
        s, {"type": "event_callback", "event_id": "Ev1", "event_time": int(time.time()),
            "team_id": "T1", "event": {"type": "app_mention", "user": "U1", "channel": "C1",
                                       "ts": "1.1"}}, at), "X-Slack-Request-Timestamp"),
    "standard-webhooks": (WHSEC, lambda s, at: standard_webhooks(
        s, {"type": "user.created"}, at=at), "webhook-timestamp"),
    "generic": (TEXT, lambda s, at: generic(s, {"event": "ticket.created", "id": 7}), None),
}
SIGNATURE = {"github": "X-Hub-Signature-256", "stripe": "Stripe-Signature",
             "slack": "X-Slack-Signature", "standard-webhooks": "webhook-signature",
             "generic": "X-Webhook-Signature"}
GENERIC = {"signature": {"algorithm": "hmac-sha256", "header": "X-Webhook-Signature",
                         "encoding": "hex"}}


def flip_last(text):
    """Another character of the same alphabet in a place that carries bits."""
    at = len(text) - 3
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1:]


class Signatures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sink = Sink()
        cls.sink.open()
        secrets = {"TEXT0": TEXT[0], "TEXT1": TEXT[1], "WHSEC0": WHSEC[0], "WHSEC1": WHSEC[1]}
        cls.server = Junctor(env=secrets)
        integrations = []
        for connector, (kind, _, _) in PROVIDERS.items():
            name = "TEXT" if kind is TEXT else "WHSEC"
            integrations.append({"id": connector, "connector": connector,
                                 "webhook_secrets": [f"env:{name}0", f"env:{name}1"],
                                 "settings": GENERIC if connector == "generic" else {}})
        cls.server.write_tenant("acme", integrations, [http_destination("sink", cls.sink.port)],
                                {"all": ROUTE_ALL})
        cls.server.start()
        cls.server.apply()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)
        cls.sink.close()

    def refused(self, connector, body, headers, why):
        with self.subTest(connector=connector, why=why):
            answer = self.server.post(connector, body, headers)
            self.assertEqual(answer.status, 401, (why, answer.body))
            self.assertEqual(answer.headers["content-type"], "application/problem+json")

    def test_each_of_two_live_secrets_is_accepted(self):
        before = self.sink.count()
        for connector, (secrets, sign, _) in PROVIDERS.items():
            with self.subTest(connector=connector):
                for number, secret in enumerate(secrets):
                    body, headers = sign(secret, time.time() - number)
                    answer = self.server.post(connector, body, headers)
                    self.assertIn(answer.status, (200, 202), answer.body)
        self.assertGreater(len(self.sink.wait_for(before + len(PROVIDERS))), before)

    def test_everything_else_is_refused_and_leaves_nothing(self):
        stored = self.server.cli_json("ledger")["requests"]
        for connector, (secrets, sign, time_header) in PROVIDERS.items():
            header = SIGNATURE[connector]
            body, headers = sign(secrets[1], time.time())
            self.refused(connector, body[:-1] + bytes([body[-1] ^ 1]), headers, "a flipped bit")
            self.refused(connector, body + b" ", headers, "a longer body")
            self.refused(connector, body, {**headers, header: flip_last(headers[header])},
                         "a flipped signature")
            self.refused(connector, body, {k: v for k, v in headers.items() if k != header},
                         "no signature")
            twin = header.upper() if header != header.upper() else header.lower()
            self.refused(connector, body, {**headers, twin: headers[header]},
                         "a doubled signature")
            self.refused(connector, body, {**headers, header: ""}, "an empty signature")
            other = sign("whsec_" + "A" * 32 if secrets is WHSEC else "a foreign secret",
                         time.time())
            self.refused(connector, *other, "a foreign secret")
            if time_header:
                self.refused(connector, *sign(secrets[0], time.time() - 3600), "a stale time")
                if time_header != header:
                    later = str(int(headers[time_header]) + 1)
                    self.refused(connector, body, {**headers, time_header: later},
                                 "another time than was signed")
                    self.refused(connector, body,
                                 {k: v for k, v in headers.items() if k != time_header}, "no time")
        self.assertEqual(self.server.cli_json("ledger")["requests"], stored)

    def test_an_unknown_address_says_nothing(self):
        answer = self.server.post("nobody", b"{}", {"Content-Type": "application/json"})
        self.assertEqual(answer.status, 404)

    def test_slacks_challenge_is_answered_only_when_signed(self):
        stored = self.server.cli_json("ledger")["requests"]
        hello = {"type": "url_verification", "challenge": "3eZbrw1aB"}
        answer = self.server.post("slack", *slack(TEXT[1], hello))
        self.assertEqual(answer.status, 200)
        self.assertIn(b"3eZbrw1aB", answer.body)
        self.refused("slack", *slack("a foreign secret", hello), "a foreign secret")
        self.assertEqual(self.server.cli_json("ledger")["requests"], stored)


if __name__ == "__main__":
    unittest.main(verbosity=2)
