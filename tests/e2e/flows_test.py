"""Durable flows from outside: real server, real receivers, a simulated provider. What a step answered
is never asked for again, whatever happens in between."""
import base64
import datetime
import hashlib
import hmac
import json
import subprocess
import time
import unittest

from junctor_harness import (SOURCE, Junctor, Reply, Sink, free_port, http_destination, slack,
                             standard_webhooks, wait_until)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
QUICK = 'retry = { "0s", "100ms", "100ms" }'
INTEGRATIONS = [{"id": "in", "connector": "standard-webhooks", "webhook_secrets": ["env:E2E_SECRET"]}]


def flow(body, when='{ type = "order.paid" }', more=QUICK, name="x"):
    return (f'return jn.flow {{ name = "{name}", when = {when}, {more},\n'
            f'  run = function(event, f)\n{body}\n  end }}\n')


class Flows(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.sink.open()
        self.addCleanup(self.sink.close)
        self.answers = {}
        self.sink.behave = self.answer
        self.server = Junctor(env={"E2E_SECRET": SECRET})
        self.addCleanup(self.server.__exit__, None, None, None)

    def answer(self, received):
        said = self.answers.get(received.path.strip("/"), Reply(body=b'{"ok":true}'))
        return said(received) if callable(said) else said

    def start(self, source, names=("a", "b", "c"), integrations=INTEGRATIONS):
        self.write(source, names, integrations)
        self.server.start()
        self.server.apply()

    def write(self, source, names=("a", "b", "c"), integrations=INTEGRATIONS):
        self.server.write_tenant("acme", integrations,
                                 [http_destination(n, self.sink.port) for n in names],
                                 {"flows": source})

    def send(self, kind="order.paid", **payload):
        answer = self.server.post("in", *standard_webhooks(SECRET, {"type": kind, **payload}))
        self.assertEqual(answer.status, 202)
        return answer.json()["event_id"]

    def settled(self, event_id, state="delivered"):
        return self.server.settled(event_id, state)[0]

    def steps(self, delivery):
        return [(s["key"], s["kind"], s["target"], s["state"]) for s in delivery["steps"]]

    def calls(self, name):
        return [r for r in self.sink.all() if r.path == f"/{name}"]

    def test_steps_run_in_turn_and_see_what_was_answered(self):
        self.start(flow('local a = f.call("a", { n = event.n })\n'
                        'local b = f.call("b", { id = a.id })\n'
                        'return { done = b.ok }'))
        self.answers["a"] = Reply(body=b'{"id": 9007199254740993}')
        done = self.settled(self.send(n=5))
        self.assertEqual(self.steps(done), [("1", "call", "a", "done"), ("2", "call", "b", "done")])
        self.assertEqual(self.calls("a")[0].json(), {"n": 5})
        self.assertEqual(self.calls("b")[0].body, b'{"id":9007199254740993}')
        for call, key in ((self.calls("a")[0], "1"), (self.calls("b")[0], "2")):
            self.assertTrue(call.verifies())
            self.assertEqual(call.webhook_id, f"{done['id']}.{key}")
        self.assertEqual(done["destination"], "flow:x")
        self.assertEqual(done["attempt_log"][-1]["response_head"], '{"done":true}')
        shown = self.server.cli("events", "show", done["event_id"]).stdout
        self.assertRegex(shown, r"call +a +done +1")

    def test_a_failing_step_is_tried_again_alone_and_then_is_a_dead_letter_that_resumes(self):
        self.start(flow('f.call("a", 1) f.call("b", 2) f.call("c", 3)'))
        self.answers["b"] = Reply(500)
        event = self.send()
        dead = self.settled(event, "dead")
        self.assertEqual(dead["reason"],
                         "attempts-exhausted: step 2 (call b): the receiver answered 500")
        self.assertEqual((len(self.calls("a")), len(self.calls("b")), len(self.calls("c"))), (1, 3, 0))
        self.assertEqual(len({r.webhook_id for r in self.calls("b")}), 1)
        del self.answers["b"]
        self.server.cli("deadletters", "replay", dead["id"])
        self.settled(event)
        self.assertEqual((len(self.calls("a")), len(self.calls("b")), len(self.calls("c"))), (1, 4, 1))

    def test_an_optional_step_that_fails_does_not_stop_the_others(self):
        self.start(flow('local r = jn.all {\n'
                        '  a = function() return f.call("a", 1, { optional = true }) end,\n'
                        '  b = function() return f.call("b", 2, { optional = true }) end }\n'
                        'f.call("c", { a = r.a, b = r.b and r.b.ok })'))
        self.answers["a"] = Reply(500)
        done = self.settled(self.send())
        self.assertEqual(self.calls("c")[0].json(), {"b": True})
        self.assertEqual(self.steps(done)[:2],
                         [("1.a.1", "call", "a", "failed"), ("1.b.1", "call", "b", "done")])

    def test_branches_are_carried_out_side_by_side(self):
        self.start(flow('jn.all { function() f.call("a", 1) end, function() f.call("b", 1) end }'))
        slow = []

        def behave(received):  # each answers when both have come
            slow.append(received)
            wait_until(lambda: len(slow) == 2, "the other one comes too")
            return Reply(body=b"1")
        self.answers["a"] = self.answers["b"] = behave
        self.settled(self.send())

    def test_sigkills_repeat_no_finished_step(self):
        count, kills = 30, 12
        self.start(flow('for i = 1, 6 do\n'
                        '  f.call(i % 2 == 0 and "a" or "b", { event.n, i })\n'
                        'end\n'
                        'jn.all { function() f.call("c", { event.n, 7 }) end,\n'
                        '         function() f.call("c", { event.n, 8 }) end }',
                        more='retry = { "0s", "50ms", "50ms", "50ms", "50ms", "50ms", "50ms" }'))
        for name in "abc":
            self.answers[name] = Reply(body=b'"ok"', delay_s=0.02)
        events = [self.send(n=n) for n in range(count)]
        for kill in range(kills):
            time.sleep(0.15)
            self.server.kill()
            self.sink.sees_off()
            self.sink.epoch = kill + 1
            self.server.restart()
        for event in events:
            self.settled(event)
        copies = {}
        for received in self.sink.all():
            copies.setdefault(tuple(received.json()), []).append(received)
        self.assertEqual(len(copies), count * 8)
        extra = 0
        for key, group in copies.items():
            # Twice only if the process died between the answer and its record.
            self.assertEqual(len({r.epoch for r in group}), len(group), key)
            self.assertEqual(len({r.webhook_id for r in group}), 1, key)
            extra += len(group) - 1
        print(f"{kills} kills, {count * 8} steps, {extra} repeated under their key")
        steps = self.server.find_event(events[0])["deliveries"][0]["steps"]
        self.assertEqual(len(steps), 8)

    def test_a_finished_step_stays_finished_over_kills_while_the_next_one_fails(self):
        self.start(flow('f.call("a", 1) f.call("b", 2)',
                        more='retry = { ' + '"100ms",' * 30 + ' }'))
        self.answers["b"] = Reply(500)
        event = self.send()
        for _ in range(5):
            seen = len(self.calls("b"))
            wait_until(lambda: len(self.calls("b")) > seen, "b is tried")
            self.server.kill()
            self.server.restart()
        del self.answers["b"]
        self.settled(event)
        self.assertEqual(len(self.calls("a")), 1)

    def test_a_publish_in_between_changes_nothing_for_what_runs(self):
        self.start(flow('f.call("a", "old") f.wait("go") f.call("b", "old")'))
        event = self.send()
        wait_until(lambda: len(self.calls("a")) == 1, "the first step")
        self.write(flow('f.call("c", "new") f.call("c", "new too")'))
        self.server.apply()
        self.server.kill()
        self.server.restart()
        later = self.send()
        self.settled(later)
        self.send("go")
        done = self.settled(event)
        self.assertEqual([r.json() for r in self.calls("b")], ["old"])
        self.assertEqual([r.json() for r in self.calls("c")], ["new", "new too"])
        self.assertNotEqual(done["rule_version"], self.settled(later)["rule_version"])

    def test_sleeps_and_waits_survive_a_restart(self):
        self.start(flow('f.sleep("2s")\n'
                        'local e = f.wait({ type = "chat.reply", where = { thread = event.thread } },'
                        ' { timeout = "1h" })\n'
                        'f.call("a", { got = e.payload.text })'))
        first, second = self.send(thread="t1"), self.send(thread="t2")

        def waits(event):
            steps = self.server.find_event(event)["deliveries"][0]["steps"]
            return [s for s in steps if (s["kind"], s["state"]) == ("wait", "waiting")]
        self.server.kill()
        self.server.restart()
        wait_until(lambda: waits(first) and waits(second), "both wait")
        self.assertEqual(self.sink.count(), 0)
        self.server.kill()
        self.server.restart()
        self.send("chat.reply", thread="t2", text="two")
        self.settled(second)
        self.assertEqual([r.json() for r in self.calls("a")], [{"got": "two"}])
        self.assertTrue(waits(first))
        self.send("chat.reply", thread="t1", text="one")
        self.settled(first)
        self.assertEqual([r.json() for r in self.calls("a")], [{"got": "two"}, {"got": "one"}])

    def test_an_answer_that_comes_before_the_wait_is_not_missed(self):
        self.start(flow('f.call("a", 1)\nlocal e = f.wait("agent.done", { timeout = "1h" })\n'
                        'return e.payload.n'))

        def behave(received):
            self.send("agent.done", n=42)
            time.sleep(0.3)
            return Reply(body=b"1")
        self.answers["a"] = behave
        done = self.settled(self.send())
        self.assertEqual(done["attempt_log"][-1]["response_head"], "42")

    def test_a_wait_ends_at_its_time(self):
        self.start(flow('local e, why = f.wait("never.comes", { timeout = "300ms" }) return { why, e }'))
        done = self.settled(self.send())
        self.assertEqual(done["attempt_log"][-1]["response_head"], '["timeout"]')

    def test_emitted_events_go_through_the_rules_and_loops_end(self):
        self.start('jn.flow { name = "first", when = { type = "order.paid" }, run = function(event, f)\n'
                   '  return f.emit { type = "order.scored", data = { n = event.n, score = 3 } } end }\n'
                   'jn.flow { name = "loop", when = { type = "echo" }, run = function(event, f)\n'
                   '  f.emit { type = "echo" } end }\n'
                   'return jn.route { rules = { { when = { type = "order.scored" }, to = "a" } } }')
        done = self.server.settled(self.send(n=7), "delivered")[0]
        received = wait_until(lambda: self.calls("a"), "the emitted event is delivered")[0].json()
        self.assertEqual(received["type"].split(".")[-2:], ["order", "scored"])
        self.assertEqual(received["data"]["data"], {"n": 7, "score": 3})
        self.assertEqual(json.loads(done["attempt_log"][-1]["response_head"]), received["id"])
        self.send("echo")
        dead = wait_until(lambda: self.server.cli_json("deadletters", "list", "--tenant", "acme")["items"],
                          "the loop ends")
        self.assertEqual(dead[0]["reason"], "loop: 8 hops")

    def test_values_are_kept_and_answers_are_shared(self):
        self.start(flow('local n = (f.get("count") or 0) + 1\nf.set("count", n)\n'
                        'local a = f.call("a", { q = "same" }, { cache = "1h" })\n'
                        'return { n, a.ok }', more='key = "type", ' + QUICK))
        for n in (1, 2, 3):
            done = self.settled(self.send())
            self.assertEqual(json.loads(done["attempt_log"][-1]["response_head"]), [n, True])
            if n == 2:
                self.server.kill()
                self.server.restart()
        self.assertEqual(len(self.calls("a")), 1)

    def test_a_flow_that_does_not_repeat_itself_is_told_so(self):
        table = self.server.tenants / "acme" / "tables"
        self.write(flow('f.call("a", jn.lookup("t", "k")) f.wait("go")'))
        table.mkdir()
        (table / "t.json").write_text('{"k": 1}')
        self.server.start()
        self.server.apply()
        event = self.send()
        wait_until(lambda: len(self.calls("a")) == 1, "the first step")
        time.sleep(0.5)
        (table / "t.json").write_text('{"k": 2}')
        self.server.apply()
        self.send("go")
        dead = self.settled(event, "dead")
        self.assertRegex(dead["reason"], r"^flow-changed: flows@[0-9a-f]{12}:3: step 1 is now 'call a' "
                                         r"with other arguments, and was 'call a' when it ran first")

    def test_answers_too_long_fail_their_step_and_those_of_all_are_bounded(self):
        self.start(flow('local a, why = f.call("a", 1, { optional = true })\n'
                        'local kept = 0\n'
                        'for i = 1, 12 do\n'
                        '  if f.call("b", i, { optional = true }) then kept = kept + 1 end\n'
                        'end\n'
                        'return { why, kept }'))
        self.answers["a"] = Reply(body=b'"' + b"x" * 300_000 + b'"')
        self.answers["b"] = Reply(body=b'"' + b"x" * 250_000 + b'"')
        done = self.settled(self.send())
        why, kept = json.loads(done["attempt_log"][-1]["response_head"])
        self.assertTrue(why)
        self.assertEqual(kept, 8)  # 2 MiB in all

    def test_many_flows_at_once_end_all(self):
        self.start(flow('f.call("a", event.n) f.sleep("50ms") f.call("b", event.n)'))
        events = [self.send(n=n) for n in range(300)]
        for event in events:
            self.settled(event)
        for name in "ab":
            self.assertEqual(sorted(r.json() for r in self.calls(name)), list(range(300)))


def put_secret(server, owner, field, value):
    subprocess.run([server.binary, "secret", "put", owner, field, "--tenant", "acme"], input=value,
                   text=True, check=True, capture_output=True,
                   env={**server.env, "JUNCTOR_DATA_DIR": str(server.data)})


def zendesk(secret, payload):
    body = json.dumps(payload).encode()
    at = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    mac = hmac.new(secret.encode(), at.encode() + body, hashlib.sha256)
    return body, {"Content-Type": "application/json",
                  "X-Zendesk-Webhook-Signature": base64.b64encode(mac.digest()).decode(),
                  "X-Zendesk-Webhook-Signature-Timestamp": at}


class CookbookFlows(unittest.TestCase):
    """The shipped flows, with providers that answer and providers that do not."""

    def start(self, rule, simulators, integrations, destinations=()):
        source = (SOURCE / "scripts/cookbook/rules" / f"{rule}.lua").read_text()
        self.server = Junctor(env={"E2E_SECRET": SECRET, "JUNCTOR_CONNECTORS_SIMULATORS":
                                   ":".join(f"{name}={port}" for name, port in simulators.items())})
        self.addCleanup(self.server.__exit__, None, None, None)
        self.server.write_tenant("acme", integrations, destinations, {rule: source})
        self.server.start()
        self.server.apply()

    def simulate(self, connector):
        port = free_port()
        process = subprocess.Popen([Junctor().binary, "connector", "sim", connector, "--port", str(port)],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(lambda: (process.terminate(), process.wait(), process.stdout.close()))
        self.assertIn(str(port), process.stdout.readline())
        return port

    def provider(self, behave):
        sink = Sink(behave)
        sink.open()
        self.addCleanup(sink.close)
        return sink

    def integration(self, name, **more):
        return {"id": name, "connector": name, "webhook_secrets": ["env:E2E_SECRET"], **more}

    def settled(self, answer, state="delivered"):
        self.assertEqual(answer.status, 202)
        return self.server.settled(answer.json()["event_id"], state)[0]

    def test_a_chat_message_gets_the_models_answer_in_its_thread(self):
        ports = {name: self.simulate(name) for name in ("openai", "slack")}
        self.start("chat_reply", ports, [self.integration("slack"), self.integration("openai")])
        put_secret(self.server, "slack", "bot_token", "xoxb-1")
        put_secret(self.server, "openai", "api_key", "sk-1")
        message = json.loads((SOURCE / "plugins/slack/fixtures/message_channel.json").read_text())
        self.assertEqual(self.server.post("slack", *slack(SECRET, message)).status, 200)
        event = wait_until(lambda: self.server.cli_json("events", "list", "--tenant", "acme")["items"],
                           "the event is there")[0]
        done = self.server.settled(event["id"], "delivered")[0]
        self.assertEqual([(s["kind"], s["state"]) for s in done["steps"]],
                         [("get", "done"), ("llm", "done"), ("act", "done"), ("set", "done")])
        self.assertEqual(json.loads(done["steps"][1]["result"])["text"], "Hello")
        self.assertEqual(done["attempt_log"][-1]["response_head"], '{"answered":true}')

    def test_a_ticket_is_understood_and_written_to_though_one_service_is_down(self):
        def answer(received):
            if received.path.endswith("/chat/completions"):
                if "feel" in received.json()["messages"][0]["content"]:
                    return Reply(body=json.dumps({"choices": [{"message": {
                        "content": '{"mood": "furious"}'}}]}).encode())
                return Reply(400, body=b'{"error": {"message": "no"}}')  # the classifier is down
            return Reply(body=b'{"ticket": {"id": 35436, "status": "open"}}')
        provider = self.provider(answer)
        routing = self.provider(lambda received: Reply(body=b'{"name": "Payments", "group_id": 7}'))
        self.start("ticket_triage", {"openai": provider.port, "zendesk": provider.port},
                   [self.integration("zendesk", settings={"subdomain": "acme",
                                                          "email": "agent@example.com"}),
                    self.integration("openai")],
                   [http_destination("routing", routing.port)])
        put_secret(self.server, "zendesk", "api_token", "zt-1")
        put_secret(self.server, "openai", "api_key", "sk-1")
        ticket = json.loads((SOURCE / "plugins/zendesk/fixtures/ticket.created.json").read_text())
        done = self.settled(self.server.post("zendesk", *zendesk(SECRET, ticket)))
        written = [r for r in provider.all() if r.path.endswith("/tickets/35436")]
        self.assertEqual([r.json() for r in written], [{"ticket": {
            "priority": "urgent", "group_id": 7, "tags": ["mood_furious", "team_payments"]}}])
        self.assertEqual({s["key"]: s["state"] for s in done["steps"]},
                         {"1.class.1": "failed", "1.mood.1": "done", "1.team.1": "done", "2": "done"})

    def test_a_resolved_ticket_that_stays_so_is_scored(self):
        provider = self.provider(lambda received: Reply(body=json.dumps(
            {"choices": [{"message": {"content": '{"score": 20, "why": "slow"}'}}], "ticket": {"id": 7}}
        ).encode()))
        self.start("ticket_quality", {"openai": provider.port, "zendesk": provider.port},
                   [self.integration("zendesk", settings={"subdomain": "acme",
                                                          "email": "agent@example.com"}),
                    self.integration("openai")])
        rule = self.server.tenants / "acme/rules/ticket_quality.lua"
        rule.write_text(rule.read_text().replace('timeout = "1h"', 'timeout = "1s"'))
        self.server.apply()
        put_secret(self.server, "zendesk", "api_token", "zt-1")
        put_secret(self.server, "openai", "api_key", "sk-1")

        def changed(ticket, status):
            return self.server.post("zendesk", *zendesk(SECRET, {
                "type": "zen:event-type:ticket.status_changed", "id": f"{ticket}-{status}",
                "subject": f"zen:ticket:{ticket}", "time": "2026-11-21T10:00:00Z",
                "detail": {"id": ticket, "status": status, "subject": "?"}, "event": {}}))
        stays, again = changed("7", "Solved"), changed("8", "Solved")
        changed("8", "Open")
        self.assertEqual(self.settled(again)["attempt_log"][-1]["response_head"], '{"reopened":true}')
        self.assertEqual(self.settled(stays)["attempt_log"][-1]["response_head"], '{"score":20}')
        notes = [r.json() for r in provider.all() if "/tickets/" in r.path]
        self.assertEqual(notes, [{"ticket": {"comment": {"body": "Quality 20 of 100: slow",
                                                         "public": False}}}])
        emitted = wait_until(lambda: self.server.cli_json(
            "events", "list", "--tenant", "acme", "--type", "ticket.quality.low")["items"], "the event")
        self.assertEqual(emitted[0]["resource"], {"type": "ticket", "id": "7"})


class Acts(unittest.TestCase):
    """Steps that act at providers, and ask models."""

    def setUp(self):
        self.provider = Sink()
        self.provider.open()
        self.addCleanup(self.provider.close)
        port = self.provider.port
        self.server = Junctor(env={
            "E2E_SECRET": SECRET, "JUNCTOR_CONNECTORS_SIMULATORS": f"openai={port}:github={port}"})
        self.addCleanup(self.server.__exit__, None, None, None)

    def put(self, owner, field, value):
        put_secret(self.server, owner, field, value)

    def test_a_model_is_asked_and_an_act_follows_each_once(self):
        self.server.write_tenant("acme", INTEGRATIONS + [
            {"id": name, "connector": name, "webhook_secrets": ["env:E2E_SIGNING_SECRET"]}
            for name in ("openai", "github")], rules={"flows": flow(
                'local m = f.llm("openai", { model = "gpt", system = "s", prompt = event.text, json = true })\n'
                'local i = f.act("github", "create_issue",\n'
                '  { repository = "acme/app", title = m.json.title })\n'
                'return { m.json.title, i.id, i.data.number }')})
        self.server.start()
        self.server.apply()
        self.put("openai", "api_key", "sk-test-1234567890")
        self.put("github", "api_token", "ghp_" + "a" * 36)
        fails = [Reply(503), Reply(429, {"Retry-After": "0"})]

        def behave(received):
            if received.path.endswith("/chat/completions"):
                if fails:
                    return fails.pop()
                said = {"choices": [{"message": {"role": "assistant",
                                                 "content": '{"title": "On fire"}'}}]}
                return Reply(body=json.dumps(said).encode())
            return Reply(201, body=b'{"id": 1, "number": 9007199254740993, "html_url": "https://x/7"}')
        self.provider.behave = behave
        answer = self.server.post("in", *standard_webhooks(SECRET, {"type": "order.paid", "text": "hot!"}))
        done = self.server.settled(answer.json()["event_id"], "delivered")[0]
        self.assertEqual(json.loads(done["attempt_log"][-1]["response_head"]),
                         ["On fire", "9007199254740993", 9007199254740993])
        chats = [r for r in self.provider.all() if r.path.endswith("/chat/completions")]
        issues = [r for r in self.provider.all() if r.path.endswith("/issues")]
        self.assertEqual((len(chats), len(issues)), (3, 1))
        self.assertEqual(chats[-1].json(), {
            "model": "gpt", "response_format": {"type": "json_object"},
            "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "hot!"}]})
        self.assertEqual(issues[0].json()["title"], "On fire")
        self.assertNotIn("sk-test-1234567890", json.dumps(done))


if __name__ == "__main__":
    unittest.main()
