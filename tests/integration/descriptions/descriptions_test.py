"""Every recorded action of a connector, sent to Prism, which plays the provider from its published
API description and refuses what the description does not allow.

GitHub's description comes from npm. Others are on no registry: put them into a folder as
slack.json, jira.json, twilio.json, openai.json, stripe.json (OpenAPI or Swagger)
and name it in $API_DESCRIPTIONS: those that are there are tested too.
"""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest
import urllib.parse

from junctor_harness import SOURCE, Junctor, Reply, Sink, free_port, request, wait_until

PRISM = pathlib.Path(os.environ["PRISM_FOLDER"])
NPM = {"github": PRISM / "node_modules/@octokit/openapi/generated/api.github.com.json"}
# What stands in a path before that of the description.
PREFIX = {"slack": "/api", "openai": "/v1"}
MORE = pathlib.Path(os.environ.get("API_DESCRIPTIONS", "/nonexistent"))


def descriptions():
    found = dict(NPM)
    for name in ("slack", "jira", "twilio", "openai", "stripe"):
        if (MORE / f"{name}.json").exists():
            found[name] = MORE / f"{name}.json"
    return found


def references(node, found):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            found.add(node["$ref"])
        node = list(node.values())
    for each in node if isinstance(node, list) else []:
        references(each, found)
    return found


def steps_of(reference):
    return [step.replace("~1", "/").replace("~0", "~") for step in reference[2:].split("/")]


def mended(node):
    """Prism's validator knows `nullable` beside a type alone; elsewhere it gives up in silence."""
    if isinstance(node, dict):
        if node.get("nullable") is True and "type" not in node:
            node = {name: value for name, value in node.items() if name != "nullable"}
        return {name: mended(value) for name, value in node.items()}
    return [mended(each) for each in node] if isinstance(node, list) else node


def requests_of(operation):
    """The operation as far as requests go: the examples of answers are not always right."""
    return {**operation, "responses": {"200": {"description": "taken"}}}


def part_of(whole, operations):
    """The description of these (method, path) alone: Prism takes minutes for GitHub's whole one."""
    part = {name: value for name, value in whole.items()
            if name not in ("paths", "components", "definitions", "webhooks", "x-webhooks")}
    part["paths"] = {}
    for method, path in operations:
        items = part["paths"].setdefault(path, {})
        items[method] = requests_of(whole["paths"][path][method])
        for name in ("parameters", "servers"):
            if name in whole["paths"][path]:
                items[name] = whole["paths"][path][name]
    todo, seen = references(part, set()), set()
    while todo:
        reference = todo.pop()
        seen.add(reference)
        source, target = whole, part
        *folders, last = steps_of(reference)
        for step in folders:
            source, target = source[step], target.setdefault(step, {})
        target[last] = source[last]
        todo |= references(source[last], set()) - seen
    schemes = whole.get("components", {}).get("securitySchemes")
    if schemes:
        part.setdefault("components", {})["securitySchemes"] = schemes
    return mended(part)


def operation_of(whole, method, path):
    """(method, path as described), the path with the fewest parameters first."""
    for described in sorted(whole["paths"], key=lambda p: p.count("{")):
        pattern = "[^/]+".join(re.escape(piece) for piece in re.split(r"\{[^}]+\}", described))
        if re.fullmatch(pattern, path) and method.lower() in whole["paths"][described]:
            return method.lower(), described
    return None


class Prism:
    def __init__(self, description):
        self.folder = tempfile.TemporaryDirectory()
        file = pathlib.Path(self.folder.name) / "description.json"
        file.write_text(json.dumps(description))
        self.port = free_port()
        self.log = open(pathlib.Path(self.folder.name) / "log", "w+b")
        self.process = subprocess.Popen(
            ["node", "node_modules/@stoplight/prism-cli/dist/index.js", "mock", "--errors",
             "-h", "127.0.0.1", "-p", str(self.port), str(file)],
            cwd=PRISM, stdout=self.log, stderr=subprocess.STDOUT)
        wait_until(self.listens, "Prism listens")

    def listens(self):
        assert self.process.poll() is None, pathlib.Path(self.log.name).read_text()
        try:
            request(self.port, "GET", "/")
            return True
        except OSError:
            return False

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()
        self.folder.cleanup()


class Descriptions(unittest.TestCase):
    def test_every_action_is_what_the_published_description_allows(self):
        for name, file in descriptions().items():
            with self.subTest(connector=name):
                Trial(self, name, json.loads(file.read_text())).run()

    def test_a_request_that_the_description_does_not_allow_is_seen(self):
        trial = Trial(self, "github", json.loads(NPM["github"].read_text()))
        operation = ("post", "/repos/{owner}/{repo}/issues")
        prism = Prism(part_of(trial.whole, {operation}))
        self.addCleanup(prism.close)
        answer = request(prism.port, "POST", "/repos/acme/app/issues", b'{"labels": ["bug"]}',
                         {"Content-Type": "application/json"})
        self.assertEqual(answer.status, 422, answer.body)


class Trial:
    def __init__(self, case, connector, whole):
        self.case, self.connector, self.whole = case, connector, whole
        folder = SOURCE / "plugins" / connector
        self.manifest = json.loads((folder / "manifest.json").read_text())
        settings = folder / "fixtures/settings.json"
        self.settings = json.loads(settings.read_text()) if settings.exists() else {}
        calls = json.loads((folder / "fixtures/calls.json").read_text())
        self.calls = [call for call in calls if call["call"] == "execute"
                      and all(reply.get("status", 200) < 300 for reply in call["http"])]
        self.seen, self.refused = [], []

    def run(self):
        provider = Sink(self.forward)
        provider.open()
        self.case.addCleanup(provider.close)
        self.server = Junctor(env={"JUNCTOR_CONNECTORS_SIMULATORS": f"{self.connector}={provider.port}"})
        self.case.addCleanup(lambda: self.server.__exit__(None, None, None))
        self.server.write_tenant("acme", [{
            "id": "it", "connector": self.connector, "settings": self.settings,
            "webhook_secrets": ["env:E2E_SIGNING_SECRET"]}])
        self.server.start()
        self.server.apply()
        self.put_secrets()
        operations = {self.operation(call) for call in self.calls}
        prism = Prism(part_of(self.whole, operations - {None}))
        self.case.addCleanup(prism.close)
        self.prism = prism
        for method, path in operations - {None}:
            self.must_refuse(method, path)
        for call in self.calls:
            self.seen, self.recorded = [], list(call["http"])
            answer = self.act(call, False)
            problems = [problem for problem in self.seen if problem]
            if not self.seen or problems or answer.status != 200:
                self.refused.append((call["action"], self.seen, answer.body.decode()[:300]))
        self.case.assertEqual(self.refused, [])
        self.case.assertGreater(len(self.calls), 0)
        actions = set(self.manifest["actions"])
        self.case.assertEqual(actions - {call["action"] for call in self.calls}, set())

    def must_refuse(self, method, path):
        """Where the description wants a JSON object, a number is refused: Prism does look."""
        body = self.whole["paths"][path][method].get("requestBody", {})
        if not body.get("required") or "application/json" not in body.get("content", {}):
            return
        path = re.sub(r"\{[^}]+\}", "7", path)
        headers = {"Content-Type": "application/json", "Authorization": "Bearer x"}
        self.case.assertNotEqual(self.problem(method.upper(), path, b"7", headers), "", path)

    def put_secrets(self):
        for ways in self.manifest["credentials"].values():
            for way in ways:
                if "secret" not in way:
                    continue
                subprocess.run([self.server.binary, "secret", "put", "it", way["secret"],
                                "--tenant", "acme"], input="a-credential", text=True, check=True,
                               capture_output=True,
                               env={**self.server.env, "JUNCTOR_DATA_DIR": str(self.server.data)})

    def act(self, call, dry_run):
        return request(self.server.admin_port, "POST",
                       f"/v1/tenants/acme/integrations/it/actions/{call['action']}",
                       json.dumps({"params": call["params"], "dry_run": dry_run}),
                       {"Authorization": f"Bearer {self.server.local_token()}",
                        "Content-Type": "application/json"})

    def operation(self, call):
        answer = self.act(call, True)
        self.case.assertEqual(answer.status, 200, answer.body)
        shown = answer.json()["request"]
        path = self.path_of(urllib.parse.urlsplit(shown["url"]).path)
        return operation_of(self.whole, shown["method"], path)

    def path_of(self, path):
        return path.removeprefix(PREFIX.get(self.connector, ""))

    def forward(self, received):
        """Prism judges; what the provider answers is what was recorded."""
        headers = {name: value for name, value in received.headers.items()
                   if name not in ("host", "content-length", "connection", "accept-encoding")}
        body = received.body
        if self.connector == "slack":
            headers["token"] = "a-token"  # it does not describe the Authorization header
            received.path += ("&" if "?" in received.path else "?") + "token=a-token"
            if "json" in headers.get("content-type", ""):
                headers["content-type"] = "application/x-www-form-urlencoded"
                body = self.as_form(body)
        self.seen.append(self.problem(received.method, self.path_of(received.path), body, headers))
        reply = self.recorded.pop(0) if len(self.recorded) > 1 else self.recorded[0]
        body = reply.get("body")
        raw = body.encode() if isinstance(body, str) else b"" if body is None else json.dumps(body).encode()
        return Reply(reply.get("status", 200), {
            "Content-Type": "application/json", **dict(reply.get("headers", []))}, raw)

    def problem(self, method, path, body, headers):
        """What Prism has against a request; "" = nothing."""
        answer = request(self.prism.port, method, path, body, headers)
        if answer.status < 400:
            return ""
        found = json.loads(answer.body or b"{}").get("validation", answer.body)
        return f"{method} {path} {body[:300]!r}: {answer.status} {found}"

    def as_form(self, body):
        """Prism reads Slack's (Swagger 2) as forms alone, though it names JSON too."""
        members = json.loads(body or b"{}")
        return urllib.parse.urlencode({
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in members.items()}).encode()


if __name__ == "__main__":
    unittest.main()
