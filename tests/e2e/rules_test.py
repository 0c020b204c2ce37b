"""Rules and mappings on a running server: mapped bodies, tests before a change, versions, shadow
runs, comparisons over stored events, rollback."""
import json
import unittest

from junctor_harness import Junctor, Sink, generic, http_destination, request

SECRET = "a secret of the tenant, long enough"
SETTINGS = {"signature": {"algorithm": "hmac-sha256", "header": "X-Webhook-Signature",
                          "encoding": "hex"}}
NORMALIZE = """return jn.normalize { accepts = { source = "generic" }, event = function(ev)
  return { type = "contact.updated", id = ev.id, email = jn.email(ev.email), last = ev.name,
           phone = jn.e164(ev.phone, "CZ"), team = jn.lookup("teams", ev.team) }
end }
"""
ROUTE = """return jn.route { rules = {
  { name = "crm", when = "*/contact.*", to = { { "crm", map = "salesforce/contact" } } } },
  otherwise = "agent" }
"""
TESTS = """return jn.tests { { "a contact goes to the crm", function(t)
  local e = t.normalize({ id = 1, name = "Lee", email = "A@B.cz" }, { source = "generic" })
  t.eq(t.route(e).to, { "crm" })
end } }
"""


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sink = Sink()
        cls.sink.__enter__()
        cls.server = Junctor(env={"TEXT": SECRET})
        cls.addClassCleanup(cls.server.kill)
        cls.addClassCleanup(lambda: cls.sink.__exit__(None, None, None))
        cls.server.start()

    def setUp(self):
        self.server.write_tenant(
            "acme", [{"id": "in", "connector": "generic", "webhook_secrets": ["env:TEXT"],
                      "settings": SETTINGS}],
            [http_destination("crm", self.sink.port, mode="binary"),
             http_destination("agent", self.sink.port)],
            {"contact": NORMALIZE, "route": ROUTE})
        folder = self.server.tenants / "acme"
        (folder / "tests").mkdir()
        (folder / "tests" / "contact.lua").write_text(TESTS)
        (folder / "tables").mkdir()
        (folder / "tables" / "teams.json").write_text('{"7": "blue"}')
        self.folder = folder
        self.server.apply()

    def send(self, **payload):
        before = self.sink.count()
        answer = self.server.post("in", *generic(SECRET, payload))
        self.assertEqual(answer.status, 202)
        return answer.json()["event_id"], self.sink.wait_for(before + 1)[before]

    def admin(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.server.local_token()}",
                   "Content-Type": "application/json"}
        text = body if isinstance(body, (str, type(None))) else json.dumps(body)
        return request(self.server.admin_port, method, "/v1/tenants/acme" + path, text, headers)

    def live(self, rule):
        return [v["version"] for v in self.server.cli_json("rule", "versions", rule)["items"]
                if v["state"] == "live"]

    def test_a_mapped_route_sends_the_providers_object(self):
        event_id, received = self.send(id=1, name="Lee", email="A@B.cz", phone="777 123 456", team=7)
        self.assertEqual(received.json(), {"Email": "a@b.cz", "LastName": "Lee",
                                           "Phone": "+420777123456"})
        event = self.server.find_event(event_id)
        self.assertEqual(event["data"]["team"], "blue")
        self.assertRegex(event["rules"], r"^contact@[0-9a-f]{12} route@[0-9a-f]{12}$")
        delivery = event["deliveries"][0]
        self.assertRegex(delivery["mapping"], r"^salesforce/contact@[0-9a-f]{12}$")
        shown = self.admin("GET", f"/deliveries/{delivery['id']}").json()
        self.assertEqual(shown["body"], received.json())

    def test_overrides_are_put_read_and_removed_as_json(self):
        bad = self.admin("PUT", "/mappings/salesforce/contact", {"fields": {"email": {"maxx": 1}}})
        self.assertEqual(bad.status, 422)
        self.assertIn("maxx", bad.body.decode())
        path = self.folder.parent / "overrides.json"
        path.write_text('{"fields": {"team": {"external": "Team__c"}}}')
        self.server.cli("mapping", "put", "salesforce/contact", str(path))
        one = self.server.cli_json("mapping", "get", "salesforce/contact")
        self.assertEqual(one["from"], "overridden")
        self.assertEqual(one["mapping"]["fields"]["team"]["external"], "Team__c")
        _, received = self.send(id=2, name="Lee", team=7)
        self.assertEqual(received.json(), {"LastName": "Lee", "Team__c": "blue"})
        ran = self.admin("POST", "/mappings/salesforce/contact/run",
                         {"direction": "to_external", "object": {"last": "X", "team": "red"}}).json()
        self.assertEqual(ran["output"]["Team__c"], "red")
        self.assertIn({"output": "Team__c", "sources": ["team"], "field": "team",
                       "transforms": []}, ran["provenance"])
        self.server.cli("mapping", "remove", "salesforce/contact")
        self.assertEqual(self.server.cli_json("mapping", "get", "salesforce/contact")["from"],
                         "shipped")
        self.assertEqual(self.admin("DELETE", "/mappings/salesforce/contact").status, 404)
        self.assertEqual(len(self.server.cli_json("mapping", "get")["items"]), 35)

    def test_what_a_mapping_could_not_make_is_tried_again_alone(self):
        (self.folder / "rules" / "route.lua").write_text(
            ROUTE.replace('to = { {', 'to = { "agent", {'))
        (self.folder / "tests" / "contact.lua").unlink()
        self.server.apply()
        path = self.folder.parent / "required.json"
        path.write_text('{"fields": {"email": {"required": true}}}')
        self.server.cli("mapping", "put", "salesforce/contact", str(path))
        event_id, received = self.send(id=6, name="Lee")
        self.assertEqual(received.path, "/agent")
        event = self.server.find_event(event_id)
        dead = next(d for d in event["deliveries"] if d["state"] == "dead")
        self.assertIn("mapping-error: salesforce/contact@", dead["reason"])
        self.assertIn("email", dead["reason"])
        before = self.sink.count()
        self.server.cli("mapping", "remove", "salesforce/contact")
        self.server.cli("deadletters", "replay", dead["id"])
        received = self.sink.wait_for(before + 1)[before]
        self.assertEqual((received.path, received.json()), ("/crm", {"LastName": "Lee"}))
        self.assertEqual(self.sink.count(), before + 1)

    def test_a_change_whose_tests_fail_is_refused_everywhere(self):
        (self.folder / "rules" / "route.lua").write_text(ROUTE.replace("contact.*", "ticket.*"))
        done = self.server.cli("apply", "-f", str(self.server.tenants), check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("a contact goes to the crm", done.stderr)
        done = self.server.cli("rule", "draft", str(self.folder / "rules" / "route.lua"), check=False)
        self.assertEqual(done.returncode, 1)
        versions = self.server.cli_json("rule", "versions", "route")["items"]
        draft = next(v for v in versions if v["state"] == "draft")
        refused = self.admin("POST", "/rules/route/publish", {"version": draft["version"]})
        self.assertEqual(refused.status, 422)
        self.assertIn("expected", refused.body.decode())

    def test_draft_shadow_compare_live_rollback(self):
        first = self.live("route")
        event_id, _ = self.send(id=3, name="Lee")
        draft = self.folder.parent / "route.lua"
        draft.write_text(ROUTE.replace('{ "crm", map', '"agent", { "crm", map')
                         .replace("function", "function") + "-- both\n")
        # The test wants the crm alone: it goes with the change.
        (self.folder / "tests" / "contact.lua").write_text(TESTS.replace('{ "crm" }', 't.route(e).to'))
        self.server.apply()
        self.server.cli("rule", "draft", str(draft), "--note", "agents too")
        versions = self.server.cli_json("rule", "versions", "route")["items"]
        new = next(v["version"] for v in versions if v["note"] == "agents too")

        total = self.server.cli_json("rule", "compare", "route", new, "--since", "1h")
        self.assertGreaterEqual(total["changed"], 1)
        to = next(p for p in total["paths"] if p["path"] == "to")
        self.assertEqual((to["before"], to["after"]),
                         ("crm (salesforce/contact)", "agent, crm (salesforce/contact)"))
        run = self.admin("POST", "/rules/route/dry-run", {"event": event_id, "version": new}).json()
        self.assertEqual([t["destination"] for t in run["targets"]], ["agent", "crm"])
        self.assertTrue(any(c["path"] == "type" and c["matched"] for c in run["clauses"]))

        self.server.cli("rule", "publish", "route", new[:6], "--shadow")
        before = self.sink.count()
        self.send(id=4, name="Lee")
        self.assertEqual(self.sink.count(), before + 1)
        report = self.server.cli_json("rule", "shadow")
        self.assertEqual((report["events"], report["changed"]), (1, 1))

        self.server.cli("rule", "publish", "route", new)
        self.assertEqual(self.live("route"), [new])
        before = self.sink.count()
        self.server.post("in", *generic(SECRET, {"id": 5, "name": "Lee"}))
        self.sink.wait_for(before + 2)
        self.server.cli("rule", "rollback", "route")
        self.assertEqual(self.live("route"), first)

    def test_versions_and_mappings_outlive_a_restart(self):
        versions = self.server.cli_json("rule", "versions", "contact")["items"]
        self.server.stop()
        self.server.restart()
        self.assertEqual(self.server.cli_json("rule", "versions", "contact")["items"], versions)


if __name__ == "__main__":
    unittest.main(verbosity=2)
