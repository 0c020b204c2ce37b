"""Rules of several tenants run in locked processes: what ends one loses nothing and is told."""
import os
import pathlib
import signal
import unittest

from junctor_harness import (Junctor, KeepAlive, ROUTE_ALL, Sink, http_destination,
                             standard_webhooks, wait_until)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def workers(server):
    """Pids of the server's runner processes."""
    found = []
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue
        if f"\nPPid:\t{server.process.pid}\n" in text and text.startswith("Name:\tjunctor-runner"):
            found.append(int(status.parent.name))
    return found


class RuleIsolation(unittest.TestCase):
    def start(self, tenants=("acme", "other"), **env):
        self.sink = Sink()
        self.sink.open()
        self.addCleanup(self.sink.close)
        self.server = Junctor(env={"E2E_SECRET": SECRET, **env})
        self.addCleanup(self.server.__exit__, None, None, None)
        for tenant in tenants:
            self.server.write_tenant(
                tenant, [{"id": f"in-{tenant}", "connector": "standard-webhooks",
                          "webhook_secrets": ["env:E2E_SECRET"]}],
                [http_destination("sink", self.sink.port)], {"all": ROUTE_ALL})
        self.server.start()
        self.server.apply()

    def level(self):
        checks = self.server.admin("/readyz").json()["checks"]
        return next(check["detail"] for check in checks if check["name"] == "rules")

    def send(self, tenant, count):
        connection = KeepAlive(self.server.port)
        for number in range(count):
            answer = connection.request(
                "POST", f"/v1/webhooks/incoming/in-{tenant}",
                *standard_webhooks(SECRET, {"type": "order.paid", "number": number}))
            self.assertEqual(answer.status, 202)

    def test_with_two_tenants_rules_run_in_locked_processes(self):
        self.start()
        self.send("acme", 50)
        self.send("other", 50)
        self.sink.wait_for(100)
        self.assertTrue(self.level().startswith("own processes (seccomp, landlock"), self.level())
        self.assertNotEqual(workers(self.server), [])
        self.assertIn("own processes", self.server.cli("doctor", check=False).stdout)

    def test_a_worker_that_is_killed_loses_nothing_and_nobody_is_blamed(self):
        self.start()
        sent = 0
        for _ in range(5):
            self.send("acme", 20)
            self.send("other", 20)
            sent += 40
            for pid in workers(self.server):
                os.kill(pid, signal.SIGKILL)
        self.sink.wait_for(sent)
        for tenant in ("acme", "other"):
            wait_until(lambda t=tenant: self.server.cli_json("ledger", "--tenant", t)["delivered"]
                       == sent // 2, f"all delivered for {tenant}")
            self.assertEqual(self.server.cli_json("ledger", "--tenant", tenant)["dead"], 0)
        self.assertNotIn("quarantined", self.level())

    def test_one_tenant_needs_none_unless_it_is_asked_for(self):
        self.start(tenants=("acme",))
        self.send("acme", 3)
        self.sink.wait_for(3)
        self.assertTrue(self.level().startswith("in this process: one tenant"), self.level())

    def test_the_operator_decides(self):
        self.start(tenants=("acme",), JUNCTOR_RULES_ISOLATION="process")
        self.send("acme", 3)
        self.sink.wait_for(3)
        self.assertTrue(self.level().startswith("own processes"), self.level())

    def test_in_process_for_all_if_that_is_said(self):
        self.start(JUNCTOR_RULES_ISOLATION="in-process")
        self.send("acme", 3)
        self.send("other", 3)
        self.sink.wait_for(6)
        self.assertEqual(self.level(), "in this process (rules.isolation: in-process)")
        self.assertEqual(workers(self.server), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
