"""Bad configuration: exit 78 within 2 s, every error at once, each with file, line and key path."""
import json
import time
import unittest

from junctor_harness import Junctor

# name -> (junctor.yaml, key paths that must be named)
SERVER = {
    "an unknown key": ("listners: {}\n", ["listners"]),
    "an unknown nested key": ("listeners:\n  public:\n    adress: 127.0.0.1:0\n",
                              ["listeners.public.adress"]),
    "a duplicate key": ("store: sqlite\nstore: sqlite\n", ["store"]),
    "a port out of range": ("listeners:\n  public:\n    address: 127.0.0.1:99999\n",
                            ["listeners.public.address"]),
    "no port at all": ("listeners:\n  admin:\n    address: localhost\n",
                       ["listeners.admin.address"]),
    "a list where a mapping belongs": ("listeners: [1]\n", ["listeners"]),
    "text where a number belongs": ("workers:\n  flow: many\n", ["workers.flow"]),
    "a number out of range": ("workers:\n  flow: 1000\n", ["workers.flow"]),
    "a word that is not a choice": ("log:\n  level: loud\n", ["log.level"]),
    "an unknown store": ("store: mongodb://x\n", ["store"]),
    "TLS with half a pair": ("listeners:\n  public:\n    tls:\n      certificate: /nowhere.pem\n",
                             ["listeners.public.tls"]),
    "TLS files that are not there": (
        "listeners:\n  public:\n    tls: {certificate: /nowhere.pem, key: /nowhere.key}\n",
        ["listeners.public.tls.certificate", "listeners.public.tls.key"]),
    "a store that is unknown": ("store: mysql://db/junctor\n", ["store"]),
    "broken YAML": ("listeners: [\n", ["junctor.yaml"]),
    "three errors at once": ("lisners: {}\nlog:\n  level: loud\nworkers:\n  flow: -1\n",
                             ["lisners", "log.level", "workers.flow"]),
}

GOOD_INTEGRATION = {"id": "gh", "connector": "github", "webhook_secrets": ["env:E2E_SECRET"]}
GOOD_DESTINATION = {"name": "sink", "type": "http", "url": "https://example.org/hook"}

# name -> (integrations, destinations, rules, what must be named)
TENANT = {
    "an unknown connector": ([{**GOOD_INTEGRATION, "connector": "githup"}], [], {},
                             ["integrations[0].connector", "githup"]),
    "an integration without secret": ([{"id": "gh", "connector": "github"}], [], {},
                                      ["integrations[0].webhook_secrets"]),
    "a secret in the clear": ([{**GOOD_INTEGRATION, "webhook_secrets": ["hunter2"]}], [], {},
                              ["integrations[0].webhook_secrets[0]"]),
    "two integrations with one id": ([GOOD_INTEGRATION, GOOD_INTEGRATION], [], {},
                                     ["integrations[1].id"]),
    "an id that is no id": ([{**GOOD_INTEGRATION, "id": "a b/c"}], [], {}, ["integrations[0].id"]),
    "an unknown destination type": ([], [{**GOOD_DESTINATION, "type": "ftp"}], {},
                                    ["destinations[0].type"]),
    "a destination that is no URL": ([], [{**GOOD_DESTINATION, "url": "example"}], {},
                                     ["destinations[0].url"]),
    "a schedule that is no duration": (
        [], [{**GOOD_DESTINATION, "retry": {"schedule": ["soon"]}}], {},
        ["destinations[0].retry.schedule[0]"]),
    "a private address without grant": (
        [], [{**GOOD_DESTINATION, "url": "http://169.254.169.254/latest"}], {}, ["sink", "address"]),
    "a rule that does not parse": ([], [], {"broken": "return jn.route {"}, ["broken"]),
    "a rule that routes to nowhere": (
        [], [], {"lost": 'return jn.route { rules = { { name = "a", when = {}, to = "nope" } } }'},
        ["nope"]),
    "errors in three files at once": (
        [{**GOOD_INTEGRATION, "conector": "x"}], [{**GOOD_DESTINATION, "url": ""}],
        {"broken": "return 1 +"}, ["integrations[0].conector", "destinations[0].url", "broken"]),
}


class BadConfiguration(unittest.TestCase):
    def setUp(self):
        self.server = Junctor(env={"E2E_SECRET": "x" * 32})
        self.addCleanup(self.server.__exit__, None, None, None)

    def refused(self, named, *arguments):
        started = time.monotonic()
        done = self.server.cli(*arguments, check=False)
        took_s = time.monotonic() - started
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 78, said)
        for name in named:
            self.assertIn(name, said)
        self.assertNotIn("hunter2", said, "a secret is never repeated")
        self.assertLess(took_s, 2)

    def test_there_are_at_least_20_kinds(self):
        self.assertGreaterEqual(len(SERVER) + len(TENANT), 20)

    def test_the_server_does_not_start_with_a_bad_file(self):
        for name, (text, named) in SERVER.items():
            with self.subTest(name):
                file = self.server.folder / "junctor.yaml"
                file.write_text(text)
                for command in (["serve"], ["config", "check"]):
                    self.refused(named, *command, "-c", str(file))

    def test_a_bad_variable_is_named(self):
        done = self.server.cli("serve", check=False, env={"JUNCTOR_PUBLIC": "nowhere"})
        self.assertEqual(done.returncode, 78)
        self.assertIn("JUNCTOR_PUBLIC", done.stdout + done.stderr)

    def test_a_bad_tenant_folder_is_not_applied(self):
        self.server.start()
        for name, (integrations, destinations, rules, named) in TENANT.items():
            with self.subTest(name):
                self.server.write_tenant("acme", integrations, destinations, rules)
                self.refused(named, "apply", "-f", str(self.server.tenants))

    def test_as_json_the_problems_are_data(self):
        self.server.start()
        self.server.write_tenant("acme", [], [{**GOOD_DESTINATION, "type": "ftp"}], {})
        done = self.server.cli("apply", "-f", str(self.server.tenants), "-o", "json", check=False)
        self.assertEqual(done.returncode, 78, done.stderr)
        answer = json.loads(done.stdout)
        self.assertFalse(answer["ok"])
        self.assertEqual(answer["problems"][0]["path"], "destinations[0].type")

    def test_a_data_directory_has_one_server_whatever_its_store(self):
        self.server.start()
        other = f"sqlite:{self.server.folder}/other.db"
        done = self.server.cli("serve", "--store", other, "--public", "127.0.0.1:0", "--admin",
                               "127.0.0.1:0", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout + done.stderr, r"already \(pid \d+\)")
        # The first one can still be found.
        self.assertEqual(self.server.cli("token", "list", check=False).returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
