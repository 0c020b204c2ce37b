"""The cookbook: every rule checks clean, has tests, and they pass and reach all of its lines. And the
author's tools on it: what `rule check`, `rule run` and `rule repl` say."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from junctor_harness import BINARY, SOURCE

RULES = SOURCE / "scripts" / "cookbook" / "rules"


def junctor(*words, stdin=""):
    done = subprocess.run([BINARY, "rule", *words], capture_output=True, text=True, input=stdin)
    return done.returncode, done.stdout, done.stderr


class Cookbook(unittest.TestCase):
    def test_every_rule_is_tested_line_by_line(self):
        rules = sorted(p for p in RULES.glob("*.lua") if not p.name.endswith("_test.lua"))
        self.assertGreaterEqual(len(rules), 12)
        for rule in rules:
            with self.subTest(rule=rule.name):
                code, out, err = junctor("check", str(rule))
                self.assertEqual(code, 0, out + err)
                code, out, err = junctor("test", str(rule), "-o", "json")
                self.assertEqual(code, 0, out + err)
                report = json.loads(out)["paths"][0]
                self.assertGreaterEqual(len(report["tests"]), 1)
                for label, coverage in report["coverage"].items():
                    self.assertEqual(coverage["uncovered"], "", label)

    def test_luacheck_with_the_shipped_configuration_finds_nothing(self):
        if not shutil.which("luacheck"):
            self.fail("lua-check is a build dependency")
        done = subprocess.run(["luacheck", "--config", str(SOURCE / "sdk/lua/.luacheckrc"), "-q",
                               str(RULES)], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_check_finds_unknown_names_and_unreachable_routes(self):
        with tempfile.TemporaryDirectory() as folder:
            rule = pathlib.Path(folder) / "x.lua"
            rule.write_text('return jn.route { rules = {\n'
                            ' { name = "all", priority = 9, when = {}, to = "a", stop = true },\n'
                            ' { name = "x", when = { type = "t" }, to = "a",\n'
                            '   where = function(ev) return oss.time() end } } }\n')
            code, _, err = junctor("check", str(rule))
        self.assertEqual(code, 1)
        self.assertIn(":4: unknown name 'oss'", err)
        self.assertIn("'x' is never reached", err)

    def test_run_shows_clauses_reads_lines_and_what_was_written(self):
        with tempfile.TemporaryDirectory() as folder:
            payload = pathlib.Path(folder) / "pr.json"
            payload.write_text('{"action": "opened", "pull_request": {"id": 1, "additions": 700},'
                               ' "repository": {}}')
            code, out, err = junctor("run", str(RULES / "pull_requests.lua"), str(payload),
                                     "--source", "github", "--type", "pull_request.opened",
                                     "-o", "json")
        self.assertEqual(code, 0, err)
        run = json.loads(out)
        self.assertEqual([t["destination"] for t in run["targets"]], ["people"])
        self.assertIn({"route": "big", "path": "lines", "value": "700", "matched": True},
                      run["clauses"])
        absent = [r["path"] for r in run["reads"] if r["absent"]]
        self.assertIn("pull_request.user", absent)
        self.assertIn("data.lines", run["written"])
        self.assertGreater(run["fuel"], 0)

    def test_run_takes_a_flow_as_far_as_its_steps_are_answered(self):
        with tempfile.TemporaryDirectory() as folder:
            payload = pathlib.Path(folder) / "message.json"
            payload.write_text('{"event": {"channel": "C1", "ts": "17.5", "text": "hi"}}')
            words = ["run", str(RULES / "chat_reply.lua"), str(payload), "--source", "slack",
                     "--type", "message"]
            code, out, err = junctor(*words, "-o", "json")
            self.assertEqual(code, 0, err)
            run = json.loads(out)
            self.assertEqual([t["destination"] for t in run["targets"]], ["flow:chat-reply"])
            self.assertEqual([(s["flow"], s["key"], s["kind"], s["answered"]) for s in run["steps"]],
                             [("chat-reply", "1", "get", True), ("chat-reply", "2", "llm", False)])
            self.assertEqual([(f["finished"], f["dead"]) for f in run["flows"]], [(False, "")])
            told = junctor(*words)[1]
            self.assertIn("step         chat-reply 1: get chat:C1:17.5", told)
            self.assertIn("give \"llm openai\" with --answers FILE", told)

            answers = pathlib.Path(folder) / "answers.json"
            answers.write_text('{"llm": {"text": "Hello!"}, "act": {"id": "9"}}')
            code, out, err = junctor(*words, "--answers", str(answers), "-o", "json")
            self.assertEqual(code, 0, err)
            run = json.loads(out)
            self.assertTrue(run["flows"][0]["finished"])
            acts = [s for s in run["steps"] if s["kind"] == "act"]
            self.assertEqual(acts[0]["body"]["text"], "Hello!")

            answers.write_text('{"llm": {"text": "Hello!"}, "act": {"error": "channel is gone"}}')
            code, out, err = junctor(*words, "--answers", str(answers), "-o", "json")
            self.assertEqual(code, 0, err)
            self.assertIn("channel is gone", json.loads(out)["flows"][0]["dead"])
            self.assertEqual(junctor(*words, "--answers", "/nonexistent.json")[0], 1)

    def test_the_repl_evaluates_in_the_sandbox(self):
        with tempfile.TemporaryDirectory() as folder:
            payload = pathlib.Path(folder) / "p.json"
            payload.write_text('{"ticket": {"id": 9007199254740993}}')
            code, out, err = junctor("repl", str(RULES / "helpdesk_ticket.lua"), str(payload),
                                     stdin="ev.ticket.id + 1\nos.exit()\nev.a.b\n"
                                           ":source generic\n:run\n")
        self.assertEqual(code, 0, err)
        self.assertEqual(out.splitlines()[:2], ["9007199254740994", "nil"])
        self.assertIn("there is no 'os'", err)
        self.assertIn("ticket.updated", out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
