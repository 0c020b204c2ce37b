"""P1 and P2 under SIGKILL: concurrent ingest and delivery, the server killed again and again.

lost       answered 202 but never delivered                      must be 0
phantom    delivered but never sent                              must be 0
extra      delivered more than once; allowed only for an attempt whose outcome was not yet
           recorded when the process was killed: the copies lie in different lives of the process,
           and carry the same webhook-id and the same bytes
"""
import http.client
import os
import random
import threading
import time
import unittest
from collections import Counter, defaultdict

from junctor_harness import (KeepAlive, Junctor, ROUTE_ALL, Sink, http_destination,
                             standard_webhooks, wait_until)

KILLS = int(os.environ.get("JUNCTOR_KILLS", "100"))
SENDERS = 8
CONCURRENCY = 8
IN_FLIGHT_MAX = 8 * CONCURRENCY  # sent, and the outcome not yet durable
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Sender(threading.Thread):
    """Sends events one after another, each under its own id, and notes what it was told."""

    def __init__(self, name, port):
        super().__init__(daemon=True)
        self.prefix, self.port = name, port
        self.sent, self.acked = set(), {}
        self.stopping = False

    def run(self):
        connection, number = KeepAlive(self.port), 0
        while not self.stopping:
            number += 1
            marker = f"{self.prefix}-{number}"
            self.sent.add(marker)
            try:
                answer = connection.request(
                    "POST", "/v1/webhooks/incoming/in",
                    *standard_webhooks(SECRET, {"type": "load.tick", "marker": marker},
                                       message_id=f"msg_{marker}"))
            except (OSError, http.client.HTTPException):
                time.sleep(0.005)  # unknown outcome: neither acked nor lost
                continue
            if answer.status == 202:
                self.acked[marker] = answer.json()["event_id"]
            elif answer.status not in (503, 429):
                raise AssertionError(f"{answer.status} {answer.body}")


class Kill(unittest.TestCase):
    def test_sigkills_under_load_lose_nothing_and_invent_nothing(self):
        chance = random.Random(20261121)
        with Sink() as sink, Junctor(env={"E2E_SECRET": SECRET}) as server:
            server.write_tenant(
                "acme", [{"id": "in", "connector": "standard-webhooks",
                          "webhook_secrets": ["env:E2E_SECRET"]}],
                [http_destination("sink", sink.port, concurrency=CONCURRENCY,
                                  retry={"schedule": ["0s"] + ["200ms"] * 20})],
                {"all": ROUTE_ALL})
            server.start()
            server.apply()
            senders = [Sender(f"s{n}", server.port) for n in range(SENDERS)]
            for sender in senders:
                sender.start()
            for kill in range(KILLS):
                time.sleep(chance.uniform(0.02, 0.5))
                server.kill()
                sink.sees_off()
                sink.epoch = kill + 1
                server.restart()
            time.sleep(0.3)
            for sender in senders:
                sender.stopping = True
            for sender in senders:
                sender.join()
            self.settle(server, sink, senders)
            self.check(sink, senders)

    def settle(self, server, sink, senders):
        acked = set().union(*(sender.acked for sender in senders))
        wait_until(lambda: acked <= {self.marker(r) for r in sink.all()},
                   "every accepted event is delivered", step_s=0.5)
        seen = -1
        while seen != sink.count():  # and nothing more comes
            seen = sink.count()
            time.sleep(2)

    @staticmethod
    def marker(received):
        payload = received.json()["data"]
        return payload.get("payload", payload)["marker"]

    def check(self, sink, senders):
        sent = set().union(*(sender.sent for sender in senders))
        acked = {}
        for sender in senders:
            acked.update(sender.acked)
        copies = defaultdict(list)
        for received in sink.all():
            copies[self.marker(received)].append(received)
        lost, phantom = set(acked) - set(copies), set(copies) - sent
        extra = {marker: group for marker, group in copies.items() if len(group) > 1}
        print(f"{KILLS} kills, {len(sent)} sent, {len(acked)} answered 202, {len(copies)} delivered, "
              f"{len(lost)} lost, {len(phantom)} phantom, "
              f"{sum(len(group) - 1 for group in extra.values())} extra")
        self.assertEqual(lost, set())
        self.assertEqual(phantom, set())
        self.assertGreater(len(acked), KILLS)
        for marker, group in extra.items():
            self.assertEqual(len({r.webhook_id for r in group}), 1, marker)
            self.assertEqual(len({r.body for r in group}), 1, marker)
            epochs = [r.epoch for r in group]
            told = [(r.epoch, round(r.at, 3), r.headers["webhook-timestamp"], r.answered)
                    for r in group]
            self.assertEqual(len(set(epochs)), len(epochs),
                             f"{marker} twice within one life: (life, arrival, signed at, answered) "
                             f"{told}")
        repeated = Counter(group[0].epoch for group in extra.values())
        self.assertLessEqual(max(repeated.values(), default=0), IN_FLIGHT_MAX)
        for received in sink.all():
            self.assertTrue(received.verifies())
        for marker, event_id in acked.items():
            self.assertEqual(copies[marker][0].json()["id"], event_id)


if __name__ == "__main__":
    unittest.main(verbosity=2)
