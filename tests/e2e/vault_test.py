"""Secrets in the vault: put from stdin, used by the server alone, found nowhere else; keys rotate under
load and through a crash."""
import base64
import binascii
import json
import pathlib
import re
import secrets
import subprocess
import threading
import unittest
import urllib.parse

from junctor_harness import Junctor, Reply, ROUTE_ALL, Sink, github, http_destination, request


def canary():
    """Characters that URL encoding changes, so that its form is another one."""
    return f"c+{secrets.token_hex(12)}/{secrets.token_hex(12)}="


def forms(secret):
    """How a secret could show: raw, hex, URL-encoded, and base64 at each of three alignments."""
    raw = secret.encode()
    found = {raw, binascii.hexlify(raw), binascii.hexlify(raw).upper(),
             urllib.parse.quote(secret, safe="").encode(), secret.replace("/", "\\/").encode()}
    for shift in range(3):
        body = base64.b64encode(b"x" * shift + raw + b"xxx")
        for text in (body, body.translate(bytes.maketrans(b"+/", b"-_"))):
            found.add(text[4:-8])  # what does not hang on its neighbours
    return found


class Vault(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.sink.open()
        self.addCleanup(self.sink.close)
        self.server = Junctor(args=["--log-level", "debug"])
        self.addCleanup(lambda: self.server.__exit__(None, None, None))
        self.webhook, self.auth = canary(), "Bearer " + canary()
        self.signing = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        destination = http_destination("sink", self.sink.port,
                                       headers={"Authorization": "vault:auth"})
        destination["signing_secrets"] = ["vault:signing"]
        self.server.write_tenant(
            "acme", [{"id": "acme-gh", "connector": "github",
                      "webhook_secrets": ["vault:webhook"]}],
            [destination], {"all": ROUTE_ALL})
        self.server.start()
        self.said = [self.server.apply()]

    def put(self, owner, field, value):
        done = subprocess.run(
            [self.server.binary, "secret", "put", owner, field], input=value + "\n", text=True,
            capture_output=True, env={**self.server.env, "JUNCTOR_DATA_DIR": str(self.server.data)})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.said.append(done)

    def put_all(self):
        self.put("acme-gh", "webhook", self.webhook)
        self.put("destination/sink", "signing", self.signing)
        self.put("destination/sink", "auth", self.auth)

    def send(self):
        return self.server.post("acme-gh", *github(self.webhook, "push", {"ref": "refs/heads/a"}))

    def test_a_reference_waits_for_its_secret_and_works_at_once_when_it_is_put(self):
        self.assertEqual(self.send().status, 503)
        self.put("acme-gh", "webhook", self.webhook)
        answer = self.send()
        self.assertEqual(answer.status, 202, answer.body)
        self.assertEqual(self.sink.count(), 0)  # the destination's are not there yet
        self.put("destination/sink", "signing", self.signing)
        self.put("destination/sink", "auth", self.auth)
        answer = self.send()
        event = answer.json()["event_id"]
        self.server.settled(event, "delivered")
        for received in self.sink.all():
            self.assertEqual(received.headers["authorization"], self.auth)
            self.assertTrue(received.verifies(self.signing))
        self.server.cli("secret", "remove", "acme-gh", "webhook")
        self.assertEqual(self.send().status, 503)

    def test_secrets_show_nowhere(self):
        self.put_all()
        event = self.send().json()["event_id"]
        self.server.settled(event, "delivered")
        wrong = self.server.post("acme-gh", *github("another", "push", {}))
        self.assertEqual(wrong.status, 401)
        for command in (["secret", "list"], ["key", "status"], ["key", "rotate"], ["doctor"],
                        ["key", "rotate", "--tenant", "acme"], ["events", "show", event],
                        ["secret", "list", "destination/sink"], ["config", "show"]):
            self.said.append(self.server.cli(*command, "--output", "json"))
        self.sink.behave = lambda received: Reply(410, body=json.dumps(received.headers).encode())
        dead = self.send().json()["event_id"]  # refused by one who repeats what he got
        self.server.settled(dead, "dead")
        for command in (["events", "show", dead], ["deadletters", "list"]):
            self.said.append(self.server.cli(*command, "--output", "json"))
        # What is malformed is refused without being repeated.
        refused = self.post_secret(b'{"field":"webhook","value":"' + self.webhook.encode())
        self.assertEqual(refused.status, 400)
        answers = [wrong.body, refused.body]
        tenant = "/v1/tenants/acme"
        for path in ("/metrics", "/readyz", "/v1/openapi.json", "/v1/system", "/v1/keys",
                     "/v1/tenants", tenant, tenant + "/secrets", tenant + "/integrations",
                     tenant + "/integrations/acme-gh/secrets", tenant + "/destinations",
                     tenant + "/destinations/sink/secrets", tenant + "/rules", tenant + "/events",
                     tenant + "/events/" + event, tenant + "/events/" + event + "/timeline",
                     tenant + "/deliveries", tenant + "/dead-letters", tenant + "/ledger"):
            answer = self.server.admin(path)
            self.assertEqual(answer.status, 200, path)
            answers.append(answer.body)
        self.assertEqual(self.server.stop(), 0)
        places = {f"answer {n}": body for n, body in enumerate(answers)}
        places["log"] = self.server.log_path.read_bytes()
        for number, done in enumerate(self.said):
            places[f"output {number}"] = (done.stdout + done.stderr).encode()
        for path in self.server.data.rglob("*"):
            if path.is_file():
                places[str(path)] = path.read_bytes()
        self.assertIn(str(self.server.data / "junctor.db"), places)
        # The search sees what is there.
        self.assertTrue(any(event.encode() in content for content in places.values()))
        for secret in (self.webhook, self.auth, self.auth.split()[1], self.signing,
                       self.signing.removeprefix("whsec_")):
            for form in forms(secret):
                hits = [name for name, content in places.items() if form in content]
                self.assertEqual(hits, [], "a form of a secret shows")

    def post_secret(self, body):
        return request(self.server.admin_port, "POST",
                       "/v1/tenants/acme/integrations/acme-gh/secrets", body,
                       {"Authorization": f"Bearer {self.server.local_token()}",
                        "Content-Type": "application/json"})

    def test_keys_rotate_under_load_and_a_kill_in_between_loses_nothing(self):
        self.put_all()
        over, statuses = threading.Event(), []

        def load():
            while not over.is_set():
                try:
                    statuses.append(self.send().status)
                except OSError:
                    return  # the kill

        thread = threading.Thread(target=load)
        thread.start()
        for _ in range(3):
            self.server.cli("key", "rotate", "--retire")
            self.server.cli("key", "rotate", "--tenant", "acme")
        rotating = threading.Thread(
            target=lambda: self.server.cli("key", "rotate", "--tenant", "acme", check=False))
        rotating.start()
        self.server.kill()
        over.set()
        rotating.join()
        thread.join()
        self.assertEqual(set(statuses), {202})
        self.server.start()
        self.assertEqual(self.send().status, 202)
        if self.server.cli_json("key", "status")["unfinished"]:
            self.assertTrue(self.server.cli_json("key", "rotate", "--tenant", "acme")["resumed"])
        self.assertFalse(self.server.cli_json("key", "status")["unfinished"])
        self.server.settled(self.send().json()["event_id"], "delivered")

    def test_a_shredded_tenants_secrets_are_over(self):
        self.put_all()
        self.assertNotEqual(self.server.cli("secret", "shred", check=False).returncode, 0)
        self.assertEqual(self.send().status, 202)
        self.server.cli("secret", "shred", "--yes")
        self.assertEqual(self.send().status, 503)
        self.assertEqual(self.server.cli_json("secret", "list")["items"], [])

    def test_the_process_leaves_no_core_and_the_key_is_its_owners_alone(self):
        limits = pathlib.Path(f"/proc/{self.server.process.pid}/limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        key = self.server.data / "vault.key"
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        made = re.findall(r"no key file is configured", self.server.log())
        self.assertEqual(len(made), 1)
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        self.assertEqual(len(re.findall(r"no key file is configured", self.server.log())), 1)

    def test_without_its_key_the_server_does_not_start(self):
        self.put_all()
        self.assertEqual(self.server.stop(), 0)
        key = self.server.data / "vault.key"
        content = key.read_bytes()
        key.unlink()
        self.server.start(wait=False)
        self.assertEqual(self.server.process.wait(timeout=60), 1)
        self.assertIn("put it back", self.server.log())
        key.write_bytes(content)
        key.chmod(0o644)
        self.server.start(wait=False)
        self.assertEqual(self.server.process.wait(timeout=60), 1)
        self.assertIn("chmod 600", self.server.log())
        key.chmod(0o600)
        self.server.start()
        self.assertEqual(self.send().status, 202)

    def test_an_argument_is_no_place_for_a_secret(self):
        done = self.server.cli("secret", "put", "acme-gh", "webhook", self.webhook, check=False)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
