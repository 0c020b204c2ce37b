"""What the vendors' own libraries sign is accepted; what we send verifies with a library that is not
ours. Node packages are locked in package-lock.json and installed by `./dev test`."""
import json
import pathlib
import subprocess
import time
import unittest
import uuid

from junctor_harness import SIGNING_SECRET, Junctor, ROUTE_ALL, Sink, http_destination

HERE = pathlib.Path(__file__).parent
SECRETS = {"github": ["It's a Secret to Everybody", "ünïcödé sécret"],
           "stripe": ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_test_secret"],
           "standard-webhooks": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                                 "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]}
BODY = json.dumps({"id": "evt_1", "object": "event", "type": "invoice.paid", "note": "žluťoučký 🐎",
                   "data": {"object": {"id": "in_1", "object": "invoice"}}}, ensure_ascii=False)


class VendorSdk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.vendor = subprocess.Popen(["node", str(HERE / "vendor.mjs")], cwd=HERE, text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        cls.sink = Sink()
        cls.sink.open()
        names = {f"{c.upper().replace('-', '_')}_{n}": secret
                 for c, pair in SECRETS.items() for n, secret in enumerate(pair)}
        cls.server = Junctor(env=names)
        cls.server.write_tenant(
            "acme", [{"id": c, "connector": c, "webhook_secrets":
                      [f"env:{c.upper().replace('-', '_')}_{n}" for n in (0, 1)]}
                     for c in SECRETS],
            [http_destination("sink", cls.sink.port)], {"all": ROUTE_ALL})
        cls.server.start()
        cls.server.apply()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)
        cls.sink.close()
        cls.vendor.stdin.close()
        cls.vendor.wait()
        cls.vendor.stdout.close()

    def ask(self, op, **request):
        self.vendor.stdin.write(json.dumps({"op": op, **request}) + "\n")
        self.vendor.stdin.flush()
        answer = json.loads(self.vendor.stdout.readline())
        self.assertNotIn("error", answer)
        return answer["value"]

    def accepted(self, integration, headers, body=BODY):
        before = self.sink.count()
        answer = self.server.post(integration, body.encode(),
                                  {"Content-Type": "application/json", **headers})
        self.assertIn(answer.status, (200, 202), answer.body)
        received = self.sink.wait_for(before + 1)[before]
        self.assertTrue(self.ask("standard-verify", secret=SIGNING_SECRET,
                                 headers=received.headers, body=received.body.decode()))

    def test_what_octokit_signs_is_accepted(self):
        for secret in SECRETS["github"]:
            self.accepted("github", {
                "X-GitHub-Event": "push", "X-GitHub-Delivery": str(uuid.uuid4()),
                "X-Hub-Signature-256": self.ask("github-sign", secret=secret, body=BODY)})

    def test_what_stripes_library_signs_is_accepted(self):
        for number, secret in enumerate(SECRETS["stripe"]):
            body = BODY.replace("evt_1", f"evt_{number}")
            self.accepted("stripe", {
                "Stripe-Signature": self.ask("stripe-sign", secret=secret, body=body)}, body)

    def test_what_the_standard_webhooks_library_signs_is_accepted(self):
        for secret in SECRETS["standard-webhooks"]:
            message, at = "msg_" + uuid.uuid4().hex, int(time.time())
            self.accepted("standard-webhooks", {
                "webhook-id": message, "webhook-timestamp": str(at),
                "webhook-signature": self.ask("standard-sign", secret=secret, id=message, at=at,
                                              body=BODY)})


if __name__ == "__main__":
    unittest.main(verbosity=2)
