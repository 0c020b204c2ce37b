"""Acting at a provider through the API and the command line, against a provider of our own."""
import json
import secrets
import subprocess
import threading
import time
import unittest

from junctor_harness import Junctor, Reply, Sink, in_parallel, request

ISSUE = json.dumps({"id": 1, "number": 9007199254740993, "html_url": "https://github.com/a/b/issues/7"}).encode()
CREATE = {"params": {"repository": "acme/app", "title": "On fire", "labels": ["bug"]}}


class Actions(unittest.TestCase):
    def setUp(self):
        self.provider = Sink(lambda received: self.behave(received))
        self.provider.open()
        self.addCleanup(self.provider.close)
        self.behave = lambda received: Reply(201, body=ISSUE)
        port = self.provider.port
        self.server = Junctor(args=["--log-level", "debug"], env={
            "JUNCTOR_CONNECTORS_SIMULATORS": f"github={port}:stripe={port}:slack={port}"})
        self.addCleanup(lambda: self.server.__exit__(None, None, None))
        self.secret = "ghp_" + secrets.token_hex(20)
        self.server.write_tenant("acme", [
            {"id": f"acme-{name}", "connector": name, "webhook_secrets": ["env:E2E_SIGNING_SECRET"]}
            for name in ("github", "stripe", "slack")])
        self.server.write_tenant("globex")
        self.server.start()
        self.server.apply()
        self.put("acme-github", "api_token", self.secret)
        self.put("acme-stripe", "api_key", "sk_test_1")
        self.put("acme-slack", "bot_token", "xoxb-1")

    def put(self, owner, field, value):
        subprocess.run([self.server.binary, "secret", "put", owner, field, "--tenant", "acme"],
                       input=value, text=True, check=True, capture_output=True,
                       env={**self.server.env, "JUNCTOR_DATA_DIR": str(self.server.data)})

    def act(self, action, body, key=None, integration="acme-github", tenant="acme", token=None):
        headers = {"Authorization": f"Bearer {token or self.server.local_token()}",
                   "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        raw = body if isinstance(body, str) else json.dumps(body)
        return request(self.server.admin_port, "POST",
                       f"/v1/tenants/{tenant}/integrations/{integration}/actions/{action}", raw,
                       headers)

    def test_an_act_reaches_the_provider_with_the_hosts_credential(self):
        answer = self.act("create_issue", CREATE)
        self.assertEqual(answer.status, 200, answer.body)
        sent = self.provider.all()[0]
        self.assertEqual(sent.path, "/repos/acme/app/issues")
        self.assertEqual(sent.headers["authorization"], "Bearer " + self.secret)
        self.assertEqual(sent.json(), {"title": "On fire", "labels": ["bug"]})
        self.assertEqual(answer.json()["external_id"], "9007199254740993")
        self.assertEqual(answer.json()["url"], "https://github.com/a/b/issues/7")
        self.assertIn(b"9007199254740993", answer.body)

    def test_a_dry_run_shows_the_request_and_sends_nothing(self):
        answer = self.act("create_issue", {**CREATE, "dry_run": True})
        self.assertEqual(answer.status, 200, answer.body)
        shown = answer.json()["request"]
        self.assertEqual((shown["method"], shown["url"]),
                         ("POST", "https://api.github.com/repos/acme/app/issues"))
        self.assertEqual(json.loads(shown["body"]), {"title": "On fire", "labels": ["bug"]})
        self.assertNotIn(self.secret, answer.body.decode())
        self.assertEqual(self.provider.count(), 0)

    def test_the_same_key_gets_the_same_answer_after_a_restart_too(self):
        first = self.act("create_issue", CREATE, key="k-1")
        again = self.act("create_issue", CREATE, key="k-1")
        self.assertEqual(first.status, 200)
        self.assertEqual((again.status, again.body), (200, first.body))
        self.assertEqual(again.headers["idempotency-replayed"], "true")
        self.server.kill()
        self.server.restart()
        after = self.act("create_issue", CREATE, key="k-1")
        self.assertEqual((after.status, after.body), (200, first.body))
        self.assertEqual(self.provider.count(), 1)
        other = self.act("create_issue", {"params": {"repository": "acme/app", "title": "x"}}, key="k-1")
        self.assertEqual(other.status, 422)
        self.assertIn("idempotency-mismatch", other.json()["type"])

    def test_many_at_once_with_one_key_act_once(self):
        self.behave = lambda received: Reply(201, body=ISSUE, delay_s=0.3)
        answers = in_parallel(8, lambda _: self.act("create_issue", CREATE, key="k-2"))
        self.assertEqual(self.provider.count(), 1)
        self.assertEqual({a.status for a in answers} - {200, 409}, set())

    def test_a_provider_that_knows_keys_gets_them(self):
        self.behave = lambda received: Reply(200, body=b'{"id":"cus_1"}')
        self.act("create_customer", {"params": {"email": "a@example.com", "metadata": {"tier": "gold"}}},
                 key="k-3", integration="acme-stripe")
        sent = self.provider.all()[0]
        self.assertEqual(sent.headers["idempotency-key"], "k-3")
        self.assertEqual(sorted(sent.body.decode().split("&")),
                         ["email=a%40example.com", "metadata[tier]=gold"])

    def test_an_act_that_a_crash_interrupted_is_not_done_twice(self):
        started = threading.Event()

        def hang(received):
            started.set()
            return Reply(201, body=ISSUE, delay_s=5)
        self.behave = hang

        def lost():
            try:
                self.act("create_issue", CREATE, key="k-4")
            except OSError:
                pass
        thread = threading.Thread(target=lost)
        thread.start()
        started.wait()
        self.server.kill()
        thread.join()
        self.behave = lambda received: Reply(201, body=ISSUE)
        self.server.restart()
        answer = self.act("create_issue", CREATE, key="k-4")
        self.assertEqual(answer.status, 502, answer.body)
        self.assertEqual(answer.json()["class"], "unknown")
        self.assertEqual(self.act("create_issue", CREATE, key="k-4").status, 502)
        self.assertEqual(self.provider.count(), 1)

    def test_what_the_provider_says_becomes_a_class(self):
        cases = [(401, {}, b'{"message":"Bad credentials"}', 424, "auth"),
                 (404, {}, b'{"message":"Not Found"}', 422, "not_found"),
                 (422, {}, b'{"message":"Validation Failed"}', 422, "invalid"),
                 (409, {}, b"{}", 409, "conflict"),
                 (503, {}, b"<html>", 502, "unknown")]
        for status, headers, body, expected, word in cases:
            self.behave = lambda received: Reply(status, headers, body)
            answer = self.act("create_issue", CREATE)
            self.assertEqual((answer.status, answer.json()["class"]), (expected, word), answer.body)
            self.assertEqual(answer.json()["provider_status"], status)
            self.assertEqual(answer.headers["content-type"], "application/problem+json")
        self.behave = lambda received: Reply(503, {}, b"")
        reading = self.act("get_issue", {"params": {"repository": "a/b", "number": 7}})
        self.assertEqual((reading.status, reading.json()["class"]), (503, "retry"))

    def test_an_error_in_a_200_is_an_error(self):
        self.behave = lambda received: Reply(200, body=b'{"ok":false,"error":"channel_not_found"}')
        answer = self.act("send_message", {"params": {"channel": "C1", "text": "hi"}},
                          integration="acme-slack")
        self.assertEqual(answer.status, 422, answer.body)
        self.assertEqual(answer.json()["class"], "not_found")
        self.assertEqual(answer.json()["provider_code"], "channel_not_found")

    def test_a_pause_that_the_provider_asks_for_is_kept(self):
        self.behave = lambda received: Reply(429, {"Retry-After": "2"}, b"{}")
        first = self.act("create_issue", CREATE)
        self.assertEqual((first.status, first.json()["class"]), (429, "rate"))
        self.assertEqual(first.headers["retry-after"], "2")
        self.assertEqual(self.act("create_issue", CREATE).status, 429)
        self.assertEqual(self.provider.count(), 1)  # the second was not sent
        self.behave = lambda received: Reply(201, body=ISSUE)
        time.sleep(2.1)
        self.assertEqual(self.act("create_issue", CREATE).status, 200)

    def test_github_says_with_a_403_that_nothing_is_left(self):
        reset = str(int(time.time()) + 30)
        self.behave = lambda received: Reply(
            403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}, b"{}")
        answer = self.act("create_issue", CREATE)
        self.assertEqual((answer.status, answer.json()["class"]), (429, "rate"), answer.body)
        self.assertLessEqual(int(answer.headers["retry-after"]), 30)

    def test_a_canonical_object_is_mapped_there_and_back(self):
        self.behave = lambda received: Reply(200, body=json.dumps(
            {"id": "cus_1", "object": "customer", "name": "Ann Lee", "email": "ann@example.com"}).encode())
        answer = self.act("create_customer", {"object": {"name": "Ann Lee", "email": "ann@example.com"}},
                          integration="acme-stripe")
        self.assertEqual(answer.status, 200, answer.body)
        self.assertIn("email=ann%40example.com", self.provider.all()[0].body.decode())
        self.assertEqual(answer.json()["object"]["email"], "ann@example.com")

    def test_all_pages_are_read(self):
        def pages(received):
            if "starting_after" in received.path:
                return Reply(200, body=b'{"data":[{"id":"cus_2"}],"has_more":false}')
            return Reply(200, body=b'{"data":[{"id":"cus_1"}],"has_more":true}')
        self.behave = pages
        answer = self.act("find_customers", {"params": {"email": "a@example.com"}},
                          integration="acme-stripe")
        self.assertEqual(answer.json()["data"], {"items": [{"id": "cus_1"}, {"id": "cus_2"}], "more": False})
        self.assertIn("starting_after=cus_1", self.provider.all()[1].path)

    def test_wrong_orders_are_refused_before_anything_is_sent(self):
        for body in ({"params": {}}, {"params": {"repository": "a/b", "title": 7}},
                     {"params": {"repository": "a/b", "title": "x", "nonsense": 1}},
                     {"params": {"repository": "../../user", "title": "x"}}):
            self.assertEqual(self.act("create_issue", body).status, 422, body)
        for body in ("[]", "{", '{"parameters": {}}', '{"params": [], "x": 1}'):
            self.assertEqual(self.act("create_issue", body).status, 400, body)
        self.assertEqual(self.act("no_such", CREATE).status, 404)
        self.assertEqual(self.act("create_issue", CREATE, integration="nobody").status, 404)
        self.assertEqual(self.act("create_issue", CREATE, tenant="globex").status, 404)
        self.assertEqual(self.act("create_issue", CREATE, key="a b").status, 400)
        self.assertEqual(self.provider.count(), 0)

    def test_whoever_may_only_look_does_not_act(self):
        viewer = self.server.cli("token", "create", "--role", "viewer", "--tenant", "acme").stdout.strip()
        other = self.server.cli("token", "create", "--role", "operator", "--tenant", "globex").stdout.strip()
        self.assertEqual(self.act("create_issue", CREATE, token=viewer).status, 403)
        self.assertEqual(self.act("create_issue", CREATE, token=other).status, 404)
        self.assertEqual(self.provider.count(), 0)

    def test_without_its_secret_nothing_is_sent(self):
        self.server.cli("secret", "remove", "acme-github", "api_token", "--tenant", "acme")
        answer = self.act("create_issue", CREATE)
        self.assertEqual((answer.status, answer.json()["class"]), (424, "auth"), answer.body)
        self.assertIn("api_token", answer.json()["detail"])
        self.assertEqual(self.provider.count(), 0)

    def test_the_command_line_can_all_of_it(self):
        said = self.server.cli("integration", "act", "acme-github").stdout
        self.assertIn("create_issue", said)
        made = self.server.cli_json("integration", "act", "acme-github", "create_issue",
                                    "repository=acme/app", "title=On fire", 'labels:=["bug"]')
        self.assertEqual(made["external_id"], "9007199254740993")
        dry = self.server.cli("integration", "act", "acme-github", "close_issue",
                              "repository=acme/app", "number:=7", "--dry-run").stdout
        self.assertIn('"method": "PATCH"', dry)
        fields = self.server.cli_json("integration", "fields", "acme-github", "issue")["items"]
        self.assertIn("title", [f["name"] for f in fields])
        self.behave = lambda received: Reply(200, body=b'{"login":"octocat"}')
        self.assertIn("accepts", self.server.cli("integration", "test", "acme-github").stdout)
        self.behave = lambda received: Reply(401, body=b'{"message":"Bad credentials"}')
        self.assertNotEqual(
            self.server.cli("integration", "test", "acme-github", check=False).returncode, 0)
        self.assertIn("acme-slack", self.server.cli("integration", "list").stdout)

    def test_the_secret_is_in_no_log(self):
        self.act("create_issue", CREATE)
        self.behave = lambda received: Reply(401, body=self.secret.encode())
        self.act("create_issue", CREATE)
        self.assertNotIn(self.secret, self.server.log())


if __name__ == "__main__":
    unittest.main()
