"""Webhooks registered at a provider through its API; handshakes; who may send; which secret is used."""
import base64
import hashlib
import hmac
import json
import subprocess
import time
import unittest
import urllib.parse

from junctor_harness import (Junctor, Reply, ROUTE_ALL, Sink, github, http_destination, request,
                             stripe, wait_until)


class Hooks(unittest.TestCase):
    def setUp(self):
        self.provider = Sink(lambda received: self.behave(received))
        self.provider.open()
        self.addCleanup(self.provider.close)
        self.sink = Sink()
        self.sink.open()
        self.addCleanup(self.sink.close)
        port = self.provider.port
        self.server = Junctor(env={
            "JUNCTOR_CONNECTORS_SIMULATORS": ":".join(f"{name}={port}" for name in (
                "github", "stripe", "msgraph", "jira", "shopify", "zendesk")),
            "ZOOM": "zoom-secret", "GRAPH": "graph-client-state", "OLD": "older", "NEW": "newer"})
        self.addCleanup(lambda: self.server.__exit__(None, None, None))
        vault = ["vault:webhook"]
        self.server.write_tenant("acme", [
            {"id": "gh", "connector": "github", "webhook_secrets": vault,
             "settings": {"repository": "acme/app"}},
            {"id": "st", "connector": "stripe", "webhook_secrets": vault},
            {"id": "ji", "connector": "jira", "webhook_secrets": vault,
             "settings": {"site": "acme", "email": "bot@example.com"}},
            {"id": "shop", "connector": "shopify", "webhook_secrets": vault,
             "settings": {"shop": "acme", "api_version": "2024-10"}},
            {"id": "desk", "connector": "zendesk", "webhook_secrets": vault,
             "settings": {"subdomain": "acme", "email": "bot@example.com"}},
            {"id": "zoom", "connector": "zoom", "webhook_secrets": ["env:OLD", "env:ZOOM"]},
            {"id": "graph", "connector": "msgraph", "webhook_secrets": ["env:GRAPH"],
             "settings": {"tenant": "common"}},
            {"id": "rotating", "connector": "github", "webhook_secrets": ["env:NEW", "env:OLD"]},
            {"id": "fenced", "connector": "github", "webhook_secrets": ["env:NEW"],
             "allow_from": ["203.0.113.0/24", "2001:db8::/32"]},
            {"id": "open", "connector": "github", "webhook_secrets": ["env:NEW"],
             "allow_from": ["127.0.0.0/8"]},
        ], [http_destination("sink", self.sink.port)], {"all": ROUTE_ALL})
        self.behave = lambda received: Reply(200, body=b"[]")
        self.server.start()
        self.server.apply()
        for integration, field in (("gh", "api_token"), ("st", "api_key"), ("ji", "api_token"),
                                   ("shop", "access_token"), ("shop", "webhook"), ("desk", "api_token")):
            subprocess.run([self.server.binary, "secret", "put", integration, field, "--tenant", "acme"],
                           input="a-token", text=True, check=True, capture_output=True,
                           env={**self.server.env, "JUNCTOR_DATA_DIR": str(self.server.data)})

    def call(self, method, path, body=None, headers=None):
        return request(self.server.admin_port, method, "/v1/tenants/acme/" + path, body, {
            "Authorization": f"Bearer {self.server.local_token()}",
            "Content-Type": "application/json", **(headers or {})})

    def shown(self, integration):
        return self.call("GET", f"integrations/{integration}").json()

    def test_a_registered_webhook_signs_with_a_secret_that_nobody_typed(self):
        def behave(received):
            if received.method == "POST":
                return Reply(201, body=json.dumps({"id": 77}).encode())
            return Reply(200, body=b"{}" if received.method == "DELETE" else b"[]")
        self.behave = behave
        said = self.server.cli("integration", "register-webhook", "gh", "issues").stdout
        self.assertIn("registered as 77", said)
        asked = [r for r in self.provider.all() if r.method == "POST"][0]
        self.assertEqual(asked.path, "/repos/acme/app/hooks")
        config = asked.json()["config"]
        self.assertEqual(asked.json()["events"], ["issues"])
        self.assertTrue(config["url"].endswith("/v1/webhooks/incoming/gh"))
        body, headers = github(config["secret"], "push", {"ref": "refs/heads/main"})
        self.assertEqual(self.server.post("gh", body, headers).status, 202)
        shown = self.shown("gh")
        self.assertEqual(shown["registered_webhook"]["id"], "77")
        self.assertIsNotNone(shown["webhook_secret_uses"][0]["last_used_at"])
        self.assertNotIn(config["secret"], json.dumps(shown) + self.server.log())
        self.server.stop()
        self.server.restart()
        shown = self.shown("gh")
        self.assertEqual(shown["registered_webhook"]["id"], "77")
        self.assertIsNotNone(shown["webhook_secret_uses"][0]["last_used_at"])
        self.server.cli("integration", "unregister-webhook", "gh")
        self.assertEqual([(r.method, r.path) for r in self.provider.all()][-1],
                         ("DELETE", "/repos/acme/app/hooks/77"))
        self.assertIsNone(self.shown("gh")["registered_webhook"])
        self.assertEqual(self.server.cli("integration", "unregister-webhook", "gh",
                                         check=False).returncode, 1)

    def test_registering_again_leaves_one_and_a_failure_leaves_the_old_secret(self):
        url = []

        def behave(received):
            if received.method == "GET":
                return Reply(200, body=json.dumps(
                    [{"id": 77, "config": {"url": url[0]}}] if url else []).encode())
            if received.method == "DELETE":
                return Reply(200, body=b"{}")
            return Reply(201, body=b'{"id": 77}')
        self.behave = behave
        self.server.cli("integration", "register-webhook", "gh")
        url.append([r for r in self.provider.all() if r.method == "POST"][0].json()["config"]["url"])
        self.server.cli("integration", "register-webhook", "gh")
        self.assertEqual([r.method for r in self.provider.all()],
                         ["GET", "POST", "GET", "DELETE", "POST"])
        secret = self.provider.all()[-1].json()["config"]["secret"]
        self.behave = lambda received: Reply(500, body=b"{}")
        self.assertNotEqual(self.server.cli("integration", "register-webhook", "gh",
                                            check=False).returncode, 0)
        body, headers = github(secret, "push", {"ref": "refs/heads/main"})
        self.assertEqual(self.server.post("gh", body, headers).status, 202)

    def test_a_secret_that_the_provider_chooses_is_kept_in_the_vault(self):
        secret = "whsec_wRNftLajMZNeslQOP6vEPm4iVx5NlZ6z"

        def behave(received):
            if received.method == "POST":
                return Reply(200, body=json.dumps({"id": "we_1", "secret": secret}).encode())
            return Reply(200, body=b'{"data": []}')
        self.behave = behave
        self.server.cli("integration", "register-webhook", "st")
        sent = [r for r in self.provider.all() if r.method == "POST"][0]
        self.assertIn(b"enabled_events", sent.body)
        body, headers = stripe(secret, {"id": "evt_1", "object": "event", "type": "invoice.paid",
                                        "data": {"object": {"id": "in_1", "object": "invoice"}}})
        self.assertEqual(self.server.post("st", body, headers).status, 200)
        self.assertNotIn(secret, self.server.log())

    def answering(self, *replies):
        """The list is empty; then these, in turn; whatever is taken away is gone."""
        left = list(replies)

        def behave(received):
            if received.method == "DELETE":
                return Reply(204, body=b"")
            known = received.method == "GET" and not received.path.endswith("signing_secret")
            return Reply(200, body=b"[]" if "1.0/webhook" in received.path else b"{}") if known else left.pop(0)
        self.behave = behave

    def asked(self, method):
        return [r for r in self.provider.all() if r.method == method]

    def test_jiras_id_is_the_end_of_an_address(self):
        self.answering(Reply(201, body=b'{"self": "https://acme.atlassian.net/rest/webhooks/1.0/webhook/72"}'))
        self.server.cli("integration", "register-webhook", "ji")
        sent = self.asked("POST")[0]
        self.assertEqual(sent.path, "/rest/webhooks/1.0/webhook")
        self.assertEqual(self.shown("ji")["registered_webhook"]["id"], "72")
        body = json.dumps({"webhookEvent": "jira:issue_created", "timestamp": 1, "issue": {"key": "A-1", "fields": {}}})
        signature = hmac.new(sent.json()["secret"].encode(), body.encode(), hashlib.sha256).hexdigest()
        answer = self.server.post("ji", body, {"X-Hub-Signature": "sha256=" + signature,
                                               "X-Atlassian-Webhook-Identifier": "w-1",
                                               "Content-Type": "application/json"})
        self.assertEqual(answer.status, 200, answer.body)
        self.server.cli("integration", "unregister-webhook", "ji")
        self.assertEqual([r.path for r in self.asked("DELETE")], ["/rest/webhooks/1.0/webhook/72"])

    def test_zendesks_secret_is_asked_for_apart(self):
        secret = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
        self.answering(Reply(201, body=b'{"webhook": {"id": "01EJ"}}'),
                       Reply(200, body=json.dumps({"signing_secret": {"algorithm": "SHA256",
                                                                      "secret": secret}}).encode()))
        self.server.cli("integration", "register-webhook", "desk")
        self.assertEqual(self.asked("POST")[0].json()["webhook"]["subscriptions"],
                         ["zen:event-type:ticket.created"])
        self.assertEqual(self.asked("GET")[-1].path, "/api/v2/webhooks/01EJ/signing_secret")
        body, at = json.dumps({"type": "zen:event-type:ticket.created", "id": "e-1"}), \
            time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        digest = hmac.new(secret.encode(), (at + body).encode(), hashlib.sha256).digest()
        answer = self.server.post("desk", body, {
            "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(), "Content-Type": "application/json",
            "X-Zendesk-Webhook-Signature-Timestamp": at, "X-Zendesk-Webhook-Invocation-Id": "i-1"})
        self.assertIn(answer.status, (200, 202), answer.body)
        self.assertNotIn(secret, self.server.log())

    def test_shopify_has_a_webhook_for_each_topic_or_none(self):
        made = [Reply(201, body=json.dumps({"webhook": {"id": n}}).encode()) for n in (71, 72)]
        self.answering(*made)
        self.server.cli("integration", "register-webhook", "shop", "orders/create", "customers/create")
        self.assertEqual([r.json()["webhook"]["topic"] for r in self.asked("POST")],
                         ["orders/create", "customers/create"])
        self.assertEqual(self.shown("shop")["registered_webhook"]["id"], "71,72")
        self.server.cli("integration", "unregister-webhook", "shop")
        gone = [f"/admin/api/2024-10/webhooks/{n}.json" for n in (71, 72)]
        self.assertEqual([r.path for r in self.asked("DELETE")], gone)
        self.answering(made[0], Reply(422, body=b'{"errors": "topic is invalid"}'))
        refused = self.server.cli("integration", "register-webhook", "shop", "orders/create", "nonsense", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertEqual([r.path for r in self.asked("DELETE")][2:], gone[:1])

    def test_a_connector_without_that_api_says_where_to_look(self):
        answer = self.call("POST", "integrations/zoom/register-webhook", "{}")
        self.assertEqual(answer.status, 422)
        self.assertIn("README", answer.json()["detail"])

    def test_zoom_is_answered_with_a_proof_of_the_secret_that_verified(self):
        body = json.dumps({"event": "endpoint.url_validation", "payload": {"plainToken": 'a"b'}})
        now = str(int(time.time()))
        for secret in (b"zoom-secret", b"older"):
            signature = hmac.new(secret, f"v0:{now}:{body}".encode(), hashlib.sha256).hexdigest()
            answer = self.server.post("zoom", body, {"x-zm-signature": "v0=" + signature,
                                                     "x-zm-request-timestamp": now,
                                                     "Content-Type": "application/json"})
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(answer.json(), {
                "plainToken": 'a"b',
                "encryptedToken": hmac.new(secret, b'a"b', hashlib.sha256).hexdigest()})
        self.assertEqual(self.server.post("zoom", body, {"Content-Type": "application/json"}).status, 401)

    def test_graph_is_answered_its_token_and_its_client_state_is_never_stored(self):
        path = "/v1/webhooks/incoming/graph?validationToken=" + urllib.parse.quote("Valid: <b>1</b>")
        answer = request(self.server.port, "POST", path, "", {"Content-Type": "text/plain"})
        self.assertEqual((answer.status, answer.body), (200, b"Valid: <b>1</b>"))
        self.assertTrue(answer.headers["content-type"].startswith("text/plain"))
        change = {"subscriptionId": "s", "changeType": "created", "resource": "me/messages/1",
                  "resourceData": {"id": "1"}, "clientState": "graph-client-state"}
        wrong = {**change, "clientState": "another"}
        headers = {"Content-Type": "application/json"}
        for values in ([], [wrong], [change, wrong], [{**change, "clientState": None}]):
            refused = self.server.post("graph", json.dumps({"value": values}), headers)
            self.assertEqual(refused.status, 401, values)
        taken = self.server.post("graph", json.dumps({"value": [change]}), headers)
        self.assertEqual(taken.status, 202, taken.body)
        self.sink.wait_for(1)
        self.assertNotIn(b"graph-client-state", self.sink.all()[0].body)
        self.assertIn(b"***", self.sink.all()[0].body)
        self.server.stop()
        for file in self.server.data.iterdir():
            if file.is_file() and file.name.startswith("junctor.db"):
                self.assertNotIn(b"graph-client-state", file.read_bytes(), file.name)

    def test_each_secret_shows_when_it_was_used_last(self):
        self.server.post("rotating", *github("older", "push", {"ref": "refs/heads/main"}))
        uses = {u["secret"]: u["last_used_at"] for u in self.shown("rotating")["webhook_secret_uses"]}
        self.assertIsNone(uses["env:NEW"])
        self.assertIsNotNone(uses["env:OLD"])
        said = self.server.cli("integration", "show", "rotating").stdout
        self.assertIn("has verified nothing yet", said)
        self.assertIn("last used", said)

    def test_only_the_networks_that_are_named_may_send(self):
        event = github("newer", "push", {"ref": "refs/heads/main"})
        refused = self.server.post("fenced", *event)
        self.assertEqual(refused.status, 403)
        self.assertEqual(self.server.post("open", *event).status, 202)
        wait_until(lambda: "allow_from" in self.server.log(), "the refusal in the log")


class Changes(unittest.TestCase):
    """Done once, and only if nobody else was faster."""

    def setUp(self):
        self.server = Junctor()
        self.addCleanup(lambda: self.server.__exit__(None, None, None))
        self.server.write_tenant("acme")
        self.server.start()
        self.server.apply()

    def call(self, method, path, body=None, **headers):
        return request(self.server.admin_port, method, path, None if body is None else json.dumps(body), {
            "Authorization": f"Bearer {self.server.local_token()}",
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()}})

    def test_a_post_with_a_key_is_done_once_and_answered_again_after_a_restart(self):
        path = "/v1/tenants/acme/integrations"
        body = {"id": "gh", "connector": "github", "webhook_secrets": ["vault:webhook"]}
        first = self.call("POST", path, body, Idempotency_Key="k-1")
        self.assertEqual(first.status, 201, first.body)
        self.assertEqual(self.call("POST", path, body).status, 409)
        again = self.call("POST", path, body, Idempotency_Key="k-1")
        self.assertEqual((again.status, again.body), (201, first.body))
        self.assertEqual(again.headers["idempotency-replayed"], "true")
        self.assertEqual(self.call("POST", path, {**body, "id": "other"}, Idempotency_Key="k-1").status, 422)
        self.server.kill()
        self.server.restart()
        self.assertEqual(self.call("POST", path, body, Idempotency_Key="k-1").body, first.body)

    def test_what_was_refused_may_be_tried_again_under_its_key(self):
        path = "/v1/tenants/acme/integrations"
        body = {"id": "gh", "connector": "nobody", "webhook_secrets": ["vault:webhook"]}
        self.assertEqual(self.call("POST", path, body, Idempotency_Key="k-2").status, 422)
        body["connector"] = "github"
        self.assertEqual(self.call("POST", path, body, Idempotency_Key="k-2").status, 201)

    def test_a_key_is_not_taken_where_the_answer_is_a_secret(self):
        answer = self.call("POST", "/v1/tokens", {"role": "viewer"}, Idempotency_Key="k-3")
        self.assertEqual(answer.status, 400)
        self.assertEqual(self.call("POST", "/v1/tenants/acme/events/x/replay", {},
                                   Idempotency_Key="spaces here").status, 400)

    def test_a_change_that_expects_another_state_is_refused(self):
        path = "/v1/tenants/acme/mappings/zendesk/ticket"
        tag = self.call("GET", path).headers["etag"]
        change = {"fields": {"vip": {"external": "vip"}}}
        done = self.call("PUT", path, change, If_Match=tag)
        self.assertLess(done.status, 300, done.body)
        late = self.call("PUT", path, {"fields": {"vip": None}}, If_Match=tag)
        self.assertEqual(late.status, 412)
        self.assertEqual(self.call("DELETE", path, If_Match=tag).status, 412)
        now = self.call("GET", path).headers["etag"]
        self.assertNotEqual(now, tag)
        self.assertLess(self.call("DELETE", path, If_Match=now).status, 300)
        self.assertEqual(self.call("POST", "/v1/apply", {"tenants": []}, If_Match=now).status, 400)


if __name__ == "__main__":
    unittest.main()
