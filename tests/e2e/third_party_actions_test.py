"""A stranger's connector that acts: installed as a bundle, run in a process of its own, with the
host's credential, pace, journal and renewal of tokens, as any other."""
import json
import os
import pathlib
import shutil
import subprocess
import threading
import unittest
import urllib.parse

from junctor_harness import BINARY, SOURCE, Junctor, Reply, Sink, in_parallel, request, wait_until

ID = "com.example.acme"
SDK = pathlib.Path(BINARY).resolve().parents[1] / "share/junctor/sdk"
RATE = 20
CODE = """
#include <junctor/declared.hpp>

namespace {

class Acme final : public jnc::Connector, public jnc::DeclaredApi {
 public:
  Acme(const jnc::Call& call, const jnc::Json& settings) : DeclaredApi(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    jnc::Event event;
    event.type = request.json(call)["kind"].text();
    events.emit(event);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Acme)
"""
HOST = "api.acme.example"
MORE = {
    "interfaces": ["junctor.connector/1", "junctor.webhook/1", "junctor.actions/1",
                   "junctor.fields/1"],
    "capabilities": {"hosts": [HOST], "credentials": {"api": [HOST]}},
    "credentials": {"api": [{"kind": "oauth"},
                            {"kind": "header", "secret": "api_key", "value": "Key {secret}"}]},
    "oauth2": {"authorize_url": f"https://{HOST}/oauth/authorize",
               "token_url": f"https://{HOST}/oauth/token", "scopes": ["tickets"]},
    "api": {"url": f"https://{HOST}", "credential": "api",
            "rate": {"requests": RATE, "per_s": 1},
            "errors": {"message": ["/message"], "code": ["/code"]}},
    "actions": {
        "create_ticket": {
            "title": "Create a ticket",
            "input": {"type": "object", "required": ["subject"], "additionalProperties": False,
                      "properties": {"subject": {"type": "string"}}},
            "request": {"method": "POST", "url": "/tickets", "json": {"subject": "{subject}"}},
            "result": {"id": "/id"}}},
    "fields": {"ticket": {"request": {"url": "/fields"}, "items": "/fields", "name": "/key",
                          "label": "/title", "type": "/type"}},
    "test": {"url": "/me"},
}


class Provider(Sink):
    """Gives tokens at-1, at-2, … and takes the newest; `refused` are taken no more."""

    def __init__(self):
        super().__init__(self.answer)
        self.given, self.refused, self.next = 0, set(), []

    def answer(self, received):
        if received.path == "/oauth/token":
            self.given += 1
            return self.json({"access_token": f"at-{self.given}", "refresh_token": f"rt-{self.given}",
                              "token_type": "bearer", "expires_in": 3600})
        if received.headers.get("authorization") in self.refused:
            return self.json({"message": "the token has ended"}, 401)
        if self.next:
            return self.next.pop(0)
        if received.path == "/fields":
            return self.json({"fields": [{"key": "colour", "title": "Colour", "type": "string"}]})
        return self.json({"id": 9007199254740993}, 201 if received.method == "POST" else 200)

    @staticmethod
    def json(value, status=200):
        return Reply(status, {"Content-Type": "application/json"}, json.dumps(value).encode())

    def tickets(self):
        return [r for r in self.all() if r.path == "/tickets"]


class ThirdPartyActions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """Built, packed and signed once."""
        cls.house = Junctor()
        folder = cls.house.folder / "acme"
        shutil.copytree(SOURCE / "sdk/examples/cpp", folder)
        manifest = json.loads((folder / "manifest.json").read_text())
        (folder / "manifest.json").write_text(json.dumps({**manifest, **MORE}, indent=2))
        (folder / "acme.cpp").write_text(CODE)
        (folder / "README.md").write_text("# Acme\n")
        subprocess.run(["sh", "build.sh"], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "JUNCTOR_SDK": str(SDK)})
        cls.keys = str(cls.house.folder / "acme-key")
        cls.bundle = str(cls.house.folder / "acme.junctor")
        cls.house.cli("connector", "key", "new", "--publisher", "Acme Inc", "--prefix", ID, "-O", cls.keys)
        cls.house.cli("connector", "pack", str(folder), "-O", cls.bundle)
        cls.house.cli("connector", "sign", cls.bundle, "--key", f"{cls.keys}.key",
                      "--certificate", f"{cls.keys}.cert")

    @classmethod
    def tearDownClass(cls):
        cls.house.__exit__(None, None, None)

    def setUp(self):
        self.provider = Provider()
        self.provider.open()
        self.addCleanup(self.provider.close)
        self.server = Junctor(env={"JUNCTOR_CONNECTORS_SIMULATORS": f"{ID}={self.provider.port}"})
        self.addCleanup(lambda: self.server.__exit__(None, None, None))
        self.server.cli("connector", "trust", "add", f"{self.keys}.cert")
        self.server.cli("connector", "install", self.bundle, "--accept-capabilities")
        self.server.write_tenant("acme", [{"id": "shop", "connector": ID, "settings": {"client_id": "c"},
                                           "webhook_secrets": ["env:E2E_SIGNING_SECRET"]}])
        self.server.start()
        self.server.apply()
        shown = next(c for c in self.server.admin("/v1/connectors").json()["data"] if c["id"] == ID)
        self.assertTrue(shown["runs_in"].startswith("own process"), shown)

    def put(self, field, value):
        subprocess.run([self.server.binary, "secret", "put", "shop", field, "--tenant", "acme"],
                       input=value, text=True, check=True, capture_output=True,
                       env={**self.server.env, "JUNCTOR_DATA_DIR": str(self.server.data)})

    def call(self, method, path, body=None, key=None):
        headers = {"Authorization": f"Bearer {self.server.local_token()}",
                   "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        return request(self.server.admin_port, method, f"/v1/tenants/acme/integrations/shop/{path}",
                       None if body is None else json.dumps(body), headers)

    def act(self, subject="On fire", key=None, **more):
        return self.call("POST", "actions/create_ticket", {"params": {"subject": subject}, **more}, key)

    def test_it_acts_tests_and_lists_fields_with_a_credential_that_it_never_sees(self):
        self.put("api_key", "a-key")
        made = self.act()
        self.assertEqual(made.status, 200, made.body)
        self.assertEqual(made.json()["external_id"], "9007199254740993")
        sent = self.provider.tickets()[0]
        self.assertEqual((sent.json(), sent.headers["authorization"]), ({"subject": "On fire"}, "Key a-key"))
        self.assertEqual(self.call("POST", "test", {}).status, 200)
        self.assertEqual(self.call("GET", "fields/ticket").json()["data"][0]["name"], "colour")

    def test_a_dry_run_shows_the_request_and_sends_nothing(self):
        self.put("api_key", "a-key")
        shown = self.act(dry_run=True).json()["request"]
        self.assertEqual((shown["method"], shown["url"]), ("POST", f"https://{HOST}/tickets"))
        self.assertEqual(json.loads(shown["body"]), {"subject": "On fire"})
        self.assertEqual(self.provider.count(), 0)

    def test_the_same_key_is_carried_out_once_over_a_restart_too(self):
        self.put("api_key", "a-key")
        first = self.act(key="k-1")
        self.server.kill()
        self.server.restart()
        again = self.act(key="k-1")
        self.assertEqual((again.status, again.body), (200, first.body))
        self.assertEqual(len(self.provider.tickets()), 1)

    def test_errors_have_their_classes_and_a_429_holds_the_rest_back(self):
        self.put("api_key", "a-key")
        for status, code, name in ((422, 422, "invalid"), (404, 422, "not_found"), (503, 502, "unknown")):
            self.provider.next = [self.provider.json({"message": "no", "code": "x"}, status)]
            answer = self.act()
            self.assertEqual(answer.json()["provider_status"], status)
            self.assertGreaterEqual(answer.status, 400)
        self.provider.next = [Reply(429, {"Retry-After": "30"}, b"{}")]
        self.assertEqual(self.act().status, 429)
        before = self.provider.count()
        self.assertEqual(self.act().status, 429)
        self.assertEqual(self.provider.count(), before)

    def test_the_rate_that_it_states_is_kept(self):
        self.put("api_key", "a-key")
        answers = in_parallel(3 * RATE, lambda i: self.act(f"n{i}").status)
        self.assertEqual(set(answers), {200})
        at = sorted(r.at for r in self.provider.tickets())
        self.assertEqual(len(at), 3 * RATE)
        most = max(sum(1 for other in at if start <= other < start + 1.0) for start in at)
        self.assertLessEqual(most, RATE)
        self.assertGreaterEqual(at[-1] - at[0], 1.9)

    def test_a_refused_token_is_renewed_once_and_the_act_is_done(self):
        self.put("client_secret", "s")
        url = self.call("POST", "authorize", {}).json()["url"]
        state = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["state"][0]
        back = request(self.server.port, "GET",
                       f"/v1/oauth/callback?code=c&state={urllib.parse.quote(state)}")
        self.assertEqual(back.status, 200, back.body)
        self.assertEqual(self.act().status, 200)
        self.provider.refused = {"Bearer at-1"}
        answers = in_parallel(10, lambda i: self.act(f"n{i}").status)
        self.assertEqual(set(answers), {200})
        self.assertEqual(self.provider.given, 2)
        self.assertEqual({r.headers["authorization"] for r in self.provider.tickets()[-10:]} - {"Bearer at-1"},
                         {"Bearer at-2"})

    def test_a_process_that_dies_in_an_act_costs_that_act_alone(self):
        self.put("api_key", "a-key")
        self.assertEqual(self.act().status, 200)
        self.provider.next = [Reply(201, {"Content-Type": "application/json"}, b'{"id": 1}', delay_s=3)]
        answers = []
        acting = threading.Thread(target=lambda: answers.append(self.act("slow")))
        acting.start()
        wait_until(lambda: len(self.provider.tickets()) == 2, "the request is under way")
        for pid in self.runners():
            os.kill(pid, 9)
        acting.join()
        self.assertGreaterEqual(answers[0].status, 500)
        self.assertEqual(wait_until(lambda: self.act("after").status == 200, "it acts again"), True)
        self.server.must_live()

    def runners(self):
        children = pathlib.Path(f"/proc/{self.server.process.pid}/task").glob("*/children")
        pids = [int(pid) for path in children for pid in path.read_text().split()]
        return [pid for pid in pids if pathlib.Path(f"/proc/{pid}/comm").read_text() == "junctor-runner\n"]


if __name__ == "__main__":
    unittest.main()
