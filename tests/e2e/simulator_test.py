"""A provider played from fixtures; audit records; both by the command line."""
import itertools
import json
import sqlite3
import subprocess
import threading
import time
import unittest

from junctor_harness import Junctor, free_port, in_parallel, request, wait_until


class Simulated(unittest.TestCase):
    connector = "github"

    def setUp(self):
        self.port = free_port()
        self.server = Junctor(env={"JUNCTOR_CONNECTORS_SIMULATORS": f"github={self.port}:jira={self.port}"})
        self.addCleanup(lambda: self.server.__exit__(None, None, None))
        self.server.write_tenant("acme")
        self.server.start()
        self.server.apply()

    def simulate(self, connector, *arguments):
        process = subprocess.Popen(
            [self.server.binary, "connector", "sim", connector, "--port", str(self.port), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

        def end():
            process.terminate()
            process.wait()
            process.stdout.close()
        self.addCleanup(end)
        self.assertIn(str(self.port), process.stdout.readline())

    def run_with(self, secret, *arguments, check=True):
        done = subprocess.run([self.server.binary, *arguments], input=secret, text=True,
                              capture_output=True,
                              env={**self.server.env, "JUNCTOR_DATA_DIR": str(self.server.data)})
        if check:
            self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def connected(self):
        self.server.cli("integration", "create", "gh", "--connector", "github")
        self.run_with("a-secret", "secret", "put", "gh", "webhook")
        self.run_with("a-token", "integration", "connect", "gh", "--secret", "api_token")

    def act(self, action, params):
        return request(self.server.admin_port, "POST",
                       f"/v1/tenants/acme/integrations/gh/actions/{action}",
                       json.dumps({"params": params}),
                       {"Authorization": f"Bearer {self.server.local_token()}",
                        "Content-Type": "application/json"})

    def test_an_integration_is_made_connected_and_used_from_the_command_line(self):
        self.simulate("github")
        self.connected()
        made = self.server.cli_json("integration", "act", "gh", "create_issue",
                                    "repository=acme/app", "title=Printer on fire")
        self.assertEqual(made["external_id"], "7")
        found = self.server.cli_json("integration", "act", "gh", "find_issues", "query=is:open")
        self.assertEqual([i["number"] for i in found["data"]["items"]], [7, 8])
        self.assertNotEqual(self.server.cli("integration", "create", "gh", "--connector", "github",
                                            check=False).returncode, 0)

    def test_one_command_makes_and_connects_it(self):
        self.simulate("github")
        said = self.run_with("a-token", "integration", "connect", "gh", "--connector", "github",
                             "--secret", "api_token").stdout
        self.assertIn("accepts", said)
        self.assertEqual(self.state()["state"], "active")
        self.assertEqual(self.act("get_issue", {"repository": "acme/app", "number": 7}).status, 200)

    def shown(self):
        return self.server.admin("/v1/tenants/acme/integrations/gh").json()

    def state(self):
        return self.shown()["credential"]

    def told(self, kind):
        """The tenant has an event of that type, about the integration."""
        event = wait_until(lambda: next((e for e in self.server.admin(
            "/v1/tenants/acme/events").json()["data"] if e["type"] == kind), None), kind)
        self.assertEqual(event["resource"], {"type": "integration", "id": "gh"})

    def test_the_state_of_a_credential_follows_what_the_provider_says(self):
        self.simulate("github")
        self.server.cli("integration", "create", "gh", "--connector", "github")
        self.run_with("a-secret", "secret", "put", "gh", "webhook")
        self.assertEqual(self.state()["state"], "none")
        self.run_with("a-token", "integration", "connect", "gh", "--secret", "api_token")
        self.assertEqual(self.state()["state"], "active")
        request(self.port, "POST", "/_sim", json.dumps({"next": [401]}))
        self.act("get_issue", {"repository": "acme/app", "number": 7})
        self.assertEqual(self.state()["state"], "error")
        self.assertIn("401", self.state()["reason"])
        self.assertEqual(self.shown()["status"], "error")
        self.told("junctor.integration.error")
        self.server.kill()
        self.server.restart()
        self.assertEqual(self.state()["state"], "error")
        self.server.cli("integration", "test", "gh")
        self.assertEqual((self.state()["state"], self.shown()["status"]), ("active", "active"))
        self.told("junctor.integration.recovered")

    def test_a_rotated_secret_is_tried_at_once(self):
        self.simulate("github")
        self.connected()
        self.assertIn("accepts", self.run_with("another", "integration", "rotate", "gh", "--secret",
                                               "api_token").stdout)

    def test_every_failure_that_is_ordered_comes_as_its_class(self):
        self.simulate("github")
        self.connected()
        params = {"repository": "acme/app", "title": "x"}
        for status, word in ((401, "auth"), (403, "auth"), (404, "not_found"), (409, "conflict"),
                             (422, "invalid"), (500, "unknown"), (503, "unknown"), (429, "rate")):
            request(self.port, "POST", "/_sim", json.dumps({"next": [status]}))
            answer = self.act("create_issue", params)
            self.assertEqual(answer.json().get("class"), word, (status, answer.body))
        log = request(self.port, "GET", "/_sim").json()
        self.assertEqual(log["requests"][-1]["status"], 429)

    def test_a_provider_that_never_answers_is_given_up(self):
        self.simulate("github")
        self.connected()
        request(self.port, "POST", "/_sim", json.dumps({"next": ["timeout"]}))
        answer = self.act("get_issue", {"repository": "acme/app", "number": 7})
        self.assertEqual((answer.status, answer.json()["class"]), (503, "retry"))

    def test_a_thousand_acts_keep_to_the_rate_and_are_all_done(self):
        self.simulate("github", "--rate", "200")
        self.server.cli("integration", "create", "gh", "--connector", "github", "rate_limit=200/s")
        self.run_with("a-secret", "secret", "put", "gh", "webhook")
        self.run_with("a-token", "integration", "connect", "gh", "--secret", "api_token")
        request(self.port, "POST", "/_sim", json.dumps({"next": [429] * 5}))

        def insist(index):
            for attempt in itertools.count():
                answer = self.act("get_issue", {"repository": "acme/app", "number": index + 1})
                if answer.status == 200:
                    return attempt
                self.assertIn(answer.status, (429, 503), answer.body)
                time.sleep(float(answer.headers["retry-after"]))
        results = in_parallel(1000, insist)
        self.assertEqual(len(results), 1000)
        log = request(self.port, "GET", "/_sim").json()
        self.assertEqual(log["over_rate"], 0)

    def test_a_rate_that_is_none_is_refused(self):
        said = self.server.cli("integration", "create", "gh", "--connector", "github",
                               "rate_limit=many", check=False)
        self.assertNotEqual(said.returncode, 0)
        self.assertIn("rate_limit", said.stderr)

    def test_a_rate_that_is_used_up_for_long_is_told_at_once_and_nothing_is_sent(self):
        self.simulate("github")
        self.server.cli("integration", "create", "gh", "--connector", "github", "rate_limit=2/h")
        self.run_with("a-token", "secret", "put", "gh", "api_token")
        answers = [self.act("get_issue", {"repository": "acme/app", "number": n}) for n in (1, 2, 3)]
        self.assertEqual([a.status for a in answers], [200, 200, 429])
        self.assertGreater(int(answers[2].headers["retry-after"]), 3000)
        self.assertEqual(request(self.port, "GET", "/_sim").json()["answered"], 2)

    def test_who_changed_what_is_a_chain_that_shows_tampering(self):
        self.simulate("github")
        self.connected()
        viewer = self.server.cli("token", "create", "--role", "viewer", "--tenant", "acme").stdout.strip()
        denied = request(self.server.admin_port, "POST", "/v1/tenants/acme/integrations/gh/test", "{}",
                         {"Authorization": f"Bearer {viewer}", "Content-Type": "application/json"})
        self.assertEqual(denied.status, 403)
        said = self.server.cli("audit", "list").stdout
        self.assertIn("/v1/tenants/acme/integrations/gh/secrets", said)
        self.assertIn("403", said)
        before = self.server.cli_json("audit", "verify")
        self.server.stop()
        self.server.restart()
        self.assertEqual(self.server.cli_json("audit", "verify")["head"], before["head"])
        self.server.stop()
        with sqlite3.connect(self.server.data / "junctor.db") as store:
            changed = store.execute("UPDATE document SET json = replace(json, '403', '200') "
                                    "WHERE kind LIKE 'audit:%'")
            self.assertGreater(changed.rowcount, 0)
        store.close()
        self.server.restart()
        broken = self.server.cli("audit", "verify", check=False)
        self.assertEqual(broken.returncode, 1)
        self.assertIn("was changed", broken.stderr)

    def test_a_simulator_plays_every_connector_that_acts(self):
        for connector in ("discord", "freshdesk", "gitlab", "hubspot", "intercom", "jira", "linear",
                          "msgraph", "openai", "pagerduty", "salesforce", "shopify", "slack", "stripe",
                          "teams", "twilio", "whatsapp-cloud", "zendesk", "zoom"):
            process = subprocess.Popen([self.server.binary, "connector", "sim", connector],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            try:
                self.assertTrue(process.stdout.readline().startswith("http://127.0.0.1:"), connector)
            finally:
                process.terminate()
                process.communicate()


if __name__ == "__main__":
    unittest.main()
