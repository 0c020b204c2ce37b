"""Secrets of acts, OAuth and registered webhooks: a provider that repeats whatever it is sent, and a search
for every form of every secret in everything that is left."""
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import unittest
import urllib.parse

from junctor_harness import Junctor, Reply, Sink, request
from vault_test import canary, forms


class Canaries(unittest.TestCase):
    def setUp(self):
        self.tokens = {"access": canary(), "refresh": canary(), "provider": "whsec_" + canary()}
        self.provider = Sink(self.behave)
        self.provider.open()
        self.addCleanup(self.provider.close)
        self.status = 200
        port = self.provider.port
        self.server = Junctor(args=["--log-level", "debug"], env={
            "JUNCTOR_CONNECTORS_SIMULATORS": f"github={port}:stripe={port}:jira={port}"})
        self.addCleanup(lambda: self.server.__exit__(None, None, None))
        vault = ["vault:webhook"]
        self.server.write_tenant("acme", [
            {"id": "gh", "connector": "github", "webhook_secrets": vault,
             "settings": {"repository": "acme/app"}},
            {"id": "login", "connector": "github", "webhook_secrets": vault,
             "settings": {"client_id": "client-1"}},
            {"id": "st", "connector": "stripe", "webhook_secrets": vault},
            {"id": "ji", "connector": "jira", "webhook_secrets": vault,
             "settings": {"site": "acme", "email": "bot@example.com"}}])
        self.server.start()
        self.said, self.answers = [self.server.apply()], []
        self.secrets = {"token": canary(), "client": canary(), "stripe": canary(), "jira": canary(),
                        **self.tokens}
        for owner, field, name in (("gh", "api_token", "token"), ("login", "client_secret", "client"),
                                   ("st", "api_key", "stripe"), ("ji", "api_token", "jira")):
            done = subprocess.run(
                [self.server.binary, "secret", "put", owner, field], input=self.secrets[name], text=True,
                capture_output=True, env={**self.server.env, "JUNCTOR_DATA_DIR": str(self.server.data)})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.said.append(done)

    def behave(self, received):
        """Repeats credentials wherever an answer has room for them."""
        if received.path.startswith("/login/oauth/access_token"):
            return Reply(200, body=json.dumps({
                "access_token": self.tokens["access"], "refresh_token": self.tokens["refresh"],
                "expires_in": 28800, "token_type": "bearer"}).encode())
        if received.path.endswith("/webhook_endpoints"):
            return Reply(200, body=json.dumps({"id": "we_1", "secret": self.tokens["provider"],
                                               "data": []}).encode())
        if received.path.endswith("/hooks"):
            return Reply(200, body=b"[]" if received.method == "GET" else b'{"id": 77}')
        told = received.headers.get("authorization", "")
        body = {"id": 7, "number": 7, "title": told, "message": "refused: " + told, "errors": [{"code": told}],
                "error": {"message": told, "code": told.split(" ")[-1]}, "errorMessages": [told]}
        return Reply(self.status, {"X-Request": told}, json.dumps(body).encode())

    def call(self, method, path, body=None, headers=None):
        answer = request(self.server.admin_port, method, "/v1/tenants/acme/" + path,
                         None if body is None else json.dumps(body),
                         {"Authorization": f"Bearer {self.server.local_token()}",
                          "Content-Type": "application/json", **(headers or {})})
        self.answers.append(answer.body)
        return answer

    def act(self, integration, action, params, key=None):
        return self.call("POST", f"integrations/{integration}/actions/{action}", {"params": params},
                         {"Idempotency-Key": key} if key else None)

    def connect(self):
        url = urllib.parse.urlsplit(self.call("POST", "integrations/login/authorize", {}).json()["url"])
        state = dict(urllib.parse.parse_qsl(url.query))["state"]
        query = urllib.parse.urlencode({"code": "one-time", "state": state})
        answer = request(self.server.port, "GET", "/v1/oauth/callback?" + query)
        self.assertEqual(answer.status, 200, answer.body)
        self.answers.append(answer.body)

    def back_up(self):
        """As an operator would, online."""
        source = sqlite3.connect(f"file:{self.server.data}/junctor.db?mode=ro", uri=True)
        target = sqlite3.connect(self.server.data / "copy.db")
        source.backup(target)
        self.assertGreater(target.execute("SELECT count(*) FROM document").fetchone()[0], 0)
        source.close()
        target.close()

    def test_no_form_of_any_secret_is_left_anywhere(self):
        issue = {"repository": "acme/app", "title": "x"}
        self.connect()
        for self.status in (200, 400, 401, 403, 404, 422, 429, 500):
            for integration in ("gh", "login"):
                self.act(integration, "create_issue", issue, f"key-{integration}-{self.status}")
            self.act("st", "create_customer", {"email": "ann@example.com"}, f"key-st-{self.status}")
            self.act("ji", "get_issue", {"key": "ABC-7"})
            for integration in ("gh", "login", "st", "ji"):
                self.call("POST", f"integrations/{integration}/test", {})
        self.status = 200
        self.said.append(self.server.cli("integration", "register-webhook", "gh"))
        self.said.append(self.server.cli("integration", "register-webhook", "st"))
        made = [r for r in self.provider.all() if r.path.endswith("/hooks") and r.method == "POST"]
        self.secrets["registered"] = made[0].json()["config"]["secret"]
        for integration in ("gh", "login", "st", "ji"):
            self.call("GET", f"integrations/{integration}")
            self.said.append(self.server.cli("integration", "show", integration))
        self.call("POST", "integrations/gh/actions/create_issue", {"params": issue, "dry_run": True})
        self.said.append(self.server.cli("secret", "list", "--output", "json"))
        self.answers.append(self.server.admin("/metrics").body)
        self.answers.append(self.server.admin("/v1/audit").body)
        backed_up = [r.headers.get("authorization", "") for r in self.provider.all()]
        self.assertTrue(any(self.secrets["token"] in each for each in backed_up))  # it was sent
        self.assertTrue(any(self.secrets["access"] in each for each in backed_up))
        self.back_up()
        os.kill(self.server.process.pid, signal.SIGABRT)  # whatever a crash leaves
        self.assertEqual(self.server.process.wait(), -signal.SIGABRT)
        crumbs = [path for path in pathlib.Path.cwd().glob("core*") if path.is_file()]
        self.assertEqual(crumbs, [], "a core was dumped")
        places = {f"answer {n}": body for n, body in enumerate(self.answers)}
        places.update({f"output {n}": (d.stdout + d.stderr).encode() for n, d in enumerate(self.said)})
        places["log"] = self.server.log_path.read_bytes()
        for path in self.server.data.rglob("*"):
            if path.is_file():
                places[str(path)] = path.read_bytes()
        # The search sees what is there.
        self.assertTrue(any(b"***" in content for content in places.values()))
        self.assertTrue(any(b"key-gh-200" in content for content in places.values()))
        for name, secret in self.secrets.items():
            for form in forms(secret):
                hits = [place for place, content in places.items() if form in content]
                self.assertEqual(hits, [], f"a form of the secret '{name}' shows")


if __name__ == "__main__":
    unittest.main()
