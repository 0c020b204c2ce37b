"""The whole path for every connector there is: each sample of its manifest, signed as the provider
signs, through the installed server to a receiver that verifies what it gets."""
import unittest

from junctor_harness import (SIGNING_SECRET, Junctor, ROUTE_ALL, Sink, http_destination,
                             wait_until)

TEXT = "a secret of the demo tenant, long enough"
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BASE64 = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwC2FVsBQIhrs="
# RFC 8032, test 1: the sender's seed and public key.
PAIR = ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
ACTING = {"http", "nats", "postgres", "redis-streams", "smtp"}  # take no webhooks
SETTINGS = {"generic": {"signature": {"algorithm": "hmac-sha256", "header": "X-Webhook-Signature",
                                      "encoding": "hex"}}}


class GoldenPath(unittest.TestCase):
    def test_every_sample_of_every_connector_arrives_signed_and_recorded(self):
        with Sink() as sink, Junctor(env={
                "TEXT": TEXT, "WHSEC": WHSEC, "BASE64": BASE64, "PAIR": PAIR}) as server:
            server.start()
            connectors = server.cli_json("connector", "list")["items"]
            self.assertGreaterEqual({c["id"] for c in connectors}, ACTING)
            connectors = [c for c in connectors if c["id"] not in ACTING]
            self.assertGreaterEqual({c["id"] for c in connectors},
                                    {"github", "stripe", "slack", "standard-webhooks", "generic"})
            secret = {"openai": "WHSEC", "stripe": "WHSEC", "standard-webhooks": "WHSEC",
                      "discord": "PAIR", "teams": "BASE64"}
            server.write_tenant(
                "acme",
                [{"id": f"in-{c['id']}", "connector": c["id"],
                  "webhook_secrets": [f"env:{secret.get(c['id'], 'TEXT')}"],
                  "settings": SETTINGS.get(c["id"], {})} for c in connectors],
                [http_destination("sink", sink.port)], {"all": ROUTE_ALL})
            server.apply()
            for connector in connectors:
                samples = server.cli_json("connector", "show", connector["id"])["samples"]
                self.assertTrue(samples, connector["id"])
                for sample in samples:
                    with self.subTest(connector=connector["id"], sample=sample["event"]):
                        self.one(server, sink, connector["id"], sample["event"])

    def one(self, server, sink, connector, sample):
        before = sink.count()
        sent = server.cli_json("send", connector, sample, "--integration", f"in-{connector}")
        self.assertIn(sent["status"], (200, 202, 204), sent)
        # A batch has more events; the request's own is the one that send names.
        received = wait_until(lambda: next((each for each in sink.all()[before:]
                                            if each.json()["id"] == sent["event_id"]), None),
                              f"{connector} {sample} is delivered")
        self.assertTrue(received.verifies(SIGNING_SECRET))
        self.assertEqual(received.headers["content-type"],
                         "application/cloudevents+json; charset=utf-8")
        body = received.json()
        self.assertEqual(body["specversion"], "1.0")
        self.assertEqual(body["id"], sent["event_id"])
        self.assertTrue(body["type"].startswith(connector + "."))
        self.assertEqual(body["source"], f"/tenants/acme/integrations/in-{connector}")

        self.assertEqual(len(server.settled(sent["event_id"], "delivered")), 1)
        shown = server.find_event(sent["event_id"])
        self.assertEqual(shown["type"], body["data"]["type"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
