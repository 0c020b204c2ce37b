"""A disabled integration loses nothing: its webhooks are taken, wait, and go on in their order."""
import json
import subprocess
import unittest

from junctor_harness import (Junctor, Reply, ROUTE_ALL, Sink, github, http_destination, request,
                             wait_until)

SECRET = "a shared secret of this test"
IN_ORDER = ('return jn.route { rules = { { name = "all", when = {}, to = "sink", key = "payload.ref" } } }\n')


class Parking(unittest.TestCase):
    def setUp(self):
        self.provider = Sink(lambda received: Reply(201, body=b'{"id": 1, "number": 7}'))
        self.provider.open()
        self.addCleanup(self.provider.close)
        self.sink = Sink()
        self.sink.open()
        self.addCleanup(self.sink.close)
        self.server = Junctor(env={
            "S": SECRET, "JUNCTOR_CONNECTORS_SIMULATORS": f"github={self.provider.port}"})
        self.addCleanup(lambda: self.server.__exit__(None, None, None))
        self.server.write_tenant(
            "acme", [{"id": name, "connector": "github", "webhook_secrets": ["env:S"]}
                     for name in ("gh", "other")],
            [http_destination("sink", self.sink.port)], {"all": IN_ORDER})
        self.server.start()
        self.server.apply()

    def post(self, number, integration="gh", secret=SECRET):
        return self.server.post(integration, *github(secret, "push", {
            "ref": "refs/heads/" + integration, "after": f"number-{number:04}"})).status

    def arrived(self):
        return [int(r.body.split(b"number-")[1][:4]) for r in self.sink.all()]

    def shown(self, integration="gh"):
        return json.loads(self.server.cli("integration", "show", integration, "--output",
                                          "json").stdout)

    def ledger(self):
        return self.server.cli_json("ledger")

    def test_what_a_disabled_integration_gets_waits_and_then_goes_on(self):
        self.assertIn("parked", self.server.cli("integration", "disable", "gh").stdout)
        self.assertEqual([self.post(n) for n in range(40)], [202] * 40)
        self.assertEqual(self.post(99, secret="forged"), 401)
        self.assertEqual(self.post(1000, "other"), 202)
        self.sink.wait_for(1)
        wait_until(lambda: self.shown()["parked"] == 40, "all are parked")
        self.assertEqual(self.arrived(), [1000])
        shown = self.shown()
        self.assertEqual((shown["status"], shown["enabled"]), ("paused", False))
        self.assertIn("disabled", self.server.cli("integration", "list").stdout)
        self.assertEqual(self.ledger()["inbox"], 40)

        self.server.kill()
        self.server.restart()
        self.assertEqual(self.post(40), 202)
        wait_until(lambda: self.shown()["parked"] == 41, "all are parked after a restart too")
        self.assertEqual(self.sink.count(), 1)

        self.server.cli("integration", "enable", "gh")
        self.sink.wait_for(42)
        self.assertEqual(self.arrived()[1:], list(range(41)))
        self.assertEqual((self.shown()["parked"], self.ledger()["inbox"]), (0, 0))
        self.assertEqual(self.post(50), 202)
        self.sink.wait_for(43)
        self.server.must_live()

    def test_nothing_acts_through_it_and_a_repeated_webhook_is_known(self):
        subprocess.run([self.server.binary, "secret", "put", "gh", "api_token", "--tenant", "acme"],
                       input="a-token", text=True, check=True, capture_output=True,
                       env={**self.server.env, "JUNCTOR_DATA_DIR": str(self.server.data)})
        self.server.cli("integration", "disable", "gh")
        answer = request(
            self.server.admin_port, "POST", "/v1/tenants/acme/integrations/gh/actions/create_issue",
            json.dumps({"params": {"repository": "acme/app", "title": "On fire"}}),
            {"Authorization": f"Bearer {self.server.local_token()}",
             "Content-Type": "application/json"})
        self.assertEqual((answer.status, answer.json()["type"].split("/")[-1]),
                         (409, "integration-disabled"))
        self.assertEqual(self.provider.count(), 0)
        body, headers = github(SECRET, "push", {"ref": "refs/heads/main"})
        first = self.server.post("gh", body, headers).json()
        again = self.server.post("gh", body, headers).json()
        self.assertEqual((first["status"], again["status"]), ("accepted", "duplicate"))
        self.server.cli("integration", "enable", "gh")
        self.sink.wait_for(1)

    def test_what_is_parked_of_an_integration_that_is_removed_ends_as_a_dead_letter(self):
        self.server.cli("integration", "disable", "gh")
        self.assertEqual(self.post(1), 202)
        wait_until(lambda: self.shown()["parked"] == 1, "it is parked")
        self.server.write_tenant(
            "acme", [{"id": "other", "connector": "github", "webhook_secrets": ["env:S"]}],
            [http_destination("sink", self.sink.port)], {"all": ROUTE_ALL})
        self.server.apply()
        wait_until(lambda: self.ledger()["dead"] == 1, "it is a dead letter")
        self.assertEqual(self.ledger()["inbox"], 0)


if __name__ == "__main__":
    unittest.main()
