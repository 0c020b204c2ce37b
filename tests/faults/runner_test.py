"""P6 with connectors in processes of their own: whatever becomes of such a process, every accepted
event is delivered or, if it is to blame, a dead letter with the reason; others never notice.
"""
import http.client
import os
import pathlib
import re
import signal
import threading
import time
import unittest

from junctor_harness import (BINARY, KeepAlive, Junctor, ROUTE_ALL, Sink, http_destination,
                             standard_webhooks, wait_until)

BUILD = pathlib.Path(BINARY).resolve().parents[2]
DIRS = f"{BUILD}/tests/isolation/one:{BUILD}/stage/lib/junctor/connectors"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KILLS = 4  # the fifth within ten minutes would be a quarantine, which has a test of its own


def runner_of(server):
    """Pid of the server's runner, or None while there is none."""
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = re.match(r"\d+ \((.*)\) . (\d+) ", stat.read_text()).groups()
        except (OSError, AttributeError):
            continue
        if name == "junctor-runner" and int(rest) == server.process.pid:
            return int(stat.parent.name)
    return None


class Sender(threading.Thread):
    """Sends marked events to the isolated connector, and as many to one in the server."""

    def __init__(self, name, port):
        super().__init__(daemon=True)
        self.prefix, self.port = name, port
        self.acked = set()
        self.stopping = False

    def run(self):
        connection, number = KeepAlive(self.port), 0
        while not self.stopping:
            number += 1
            marker = f"m-{self.prefix}-{number}-"
            wild = number % 2 == 0
            body, headers = (f'"echo:{marker}"'.encode(), {}) if wild else standard_webhooks(
                SECRET, {"type": "load.tick", "marker": marker})
            try:
                answer = connection.request(
                    "POST", f"/v1/webhooks/incoming/{'wild' if wild else 'calm'}", body, headers)
            except (OSError, http.client.HTTPException):
                continue
            if answer.status == 202:
                self.acked.add(marker)
            elif answer.status not in (503, 429):
                raise AssertionError(f"{answer.status} {answer.body}")


class Runner(unittest.TestCase):
    def house(self):
        return Junctor(env={"E2E_SECRET": SECRET, "JUNCTOR_CONNECTORS_DIRS": DIRS})

    def begin(self, server, sink):
        server.write_tenant(
            "acme", [{"id": "wild", "connector": "wild", "unsigned": True},
                     {"id": "calm", "connector": "standard-webhooks",
                      "webhook_secrets": ["env:E2E_SECRET"]}],
            [http_destination("sink", sink.port, retry={"schedule": ["0s"] + ["200ms"] * 20})],
            {"all": ROUTE_ALL})
        server.start()
        server.apply()

    def send(self, server, text):
        answer = server.post("wild", f'"{text}"'.encode(), {})
        self.assertEqual(answer.status, 202, answer.body)
        return answer.json()["event_id"]

    def delivered(self, sink):
        return {marker for received in sink.all()
                for marker in re.findall(r"m-[a-z0-9]+-\d+-", received.body.decode())}

    def test_the_level_of_the_sandbox_is_shown(self):
        with Sink() as sink, self.house() as server:
            self.begin(server, sink)
            checks = server.admin("/readyz").json()["checks"]
            detail = next(c["detail"] for c in checks if c["name"] == "connectors")
            self.assertIn("wild: own process (seccomp, landlock", detail)
            self.assertNotIn("github", detail)
            self.assertIn("own process (seccomp", server.cli("doctor", check=False).stdout)

    def test_sigkills_of_the_runner_under_load_lose_nothing(self):
        with Sink() as sink, self.house() as server:
            self.begin(server, sink)
            senders = [Sender(f"s{n}", server.port) for n in range(4)]
            for sender in senders:
                sender.start()
            for _ in range(KILLS):
                time.sleep(0.5)
                os.kill(wait_until(lambda: runner_of(server), "a runner is there"), signal.SIGKILL)
            time.sleep(0.5)
            for sender in senders:
                sender.stopping = True
            for sender in senders:
                sender.join()
            acked = set().union(*(sender.acked for sender in senders))
            wait_until(lambda: acked <= self.delivered(sink), "every accepted event is delivered",
                       step_s=0.2)
            print(f"{KILLS} kills of the runner, {len(acked)} accepted, "
                  f"{len(self.delivered(sink))} delivered")
            self.assertGreater(len(acked), 100)
            self.assertEqual(server.cli_json("deadletters", "list")["items"], [])

    def test_an_event_that_crashes_the_connector_twice_is_a_dead_letter_and_others_go_on(self):
        with Sink() as sink, self.house() as server:
            self.begin(server, sink)
            before = self.send(server, "echo:m-a-1-")
            poison = self.send(server, "segv")
            after = self.send(server, "echo:m-a-2-")
            server.settled(before, "delivered")
            server.settled(after, "delivered")
            dead = server.settled(poison, "dead")[0]
            self.assertTrue(dead["reason"].startswith("connector-crash: wild 1.0.0"), dead)

    def test_a_connector_that_keeps_crashing_is_quarantined_until_released(self):
        with Sink() as sink, self.house() as server:
            self.begin(server, sink)
            for _ in range(5):
                server.settled(self.send(server, "abort"), "dead")
            held = self.send(server, "echo:m-a-3-")
            dead = server.settled(held, "dead")[0]
            self.assertTrue(dead["reason"].startswith("connector-quarantined: wild 1.0.0"), dead)
            server.kill()
            server.restart()
            again = self.send(server, "echo:m-a-4-")
            server.settled(again, "dead")
            answer = server.admin("/v1/connectors/wild/release", method="POST")
            self.assertEqual(answer.status, 200, answer.body)
            server.settled(self.send(server, "echo:m-a-5-"), "delivered")

    def test_a_new_version_takes_over_under_load_and_back(self):
        with Sink() as sink, self.house() as server:
            folder = server.folder / "connectors"
            folder.mkdir()
            server.folder.chmod(0o755)

            def install(source):
                target = folder / "wild.so"
                (folder / "new").write_bytes((BUILD / "tests/isolation" / source).read_bytes())
                (folder / "new").chmod(0o644)
                (folder / "new").rename(target)

            install("one/wild.so")
            server.env["JUNCTOR_CONNECTORS_DIRS"] = f"{folder}:{DIRS.split(':')[1]}"
            self.begin(server, sink)
            sender = Sender("up", server.port)
            sender.start()
            changes = []
            for source in ("two/wild-next.so", "one/wild.so", "two/wild-next.so"):
                time.sleep(0.4)
                install(source)
                answer = server.admin("/v1/connectors/reload", method="POST")
                self.assertEqual(answer.status, 200, answer.body)
                changes += answer.json()["changes"]
            sender.stopping = True
            sender.join()
            self.assertEqual(changes, ["wild 1.0.0 replaced by 2.0.0", "wild 2.0.0 replaced by 1.0.0",
                                       "wild 1.0.0 replaced by 2.0.0"])
            wait_until(lambda: sender.acked <= self.delivered(sink),
                       "every accepted event is delivered", step_s=0.2)
            self.assertEqual(server.cli_json("deadletters", "list")["items"], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
