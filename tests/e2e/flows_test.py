"""Durable flows from outside: real server, real receivers, a simulated provider. What a step answered
is never asked for again, whatever happens in between."""
import json
import subprocess
import time
import unittest

from junctor_harness import (Junctor, Reply, Sink, http_destination, standard_webhooks, wait_until)

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
        subprocess.run([self.server.binary, "secret", "put", owner, field, "--tenant", "acme"],
                       input=value, text=True, check=True, capture_output=True,
                       env={**self.server.env, "JUNCTOR_DATA_DIR": str(self.server.data)})

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
