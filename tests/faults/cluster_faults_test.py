"""A cluster under faults: nodes that stand still longer than their lease, and a database whose
primary dies. JUNCTOR_FAULT_ROUNDS says how often; the suite takes a short cut."""
import collections
import os
import random
import signal
import threading
import time
import unittest

from cluster import Cluster, claimed_twice, epochs_of_two, keep_diary, stale_writes
from junctor_harness import Reply, Sink, in_parallel, wait_until
from postgres_server import PostgresServer, tool

ROUNDS = int(os.environ.get("JUNCTOR_FAULT_ROUNDS", "3"))
LEASE_MS = 600
SEED = 7


class Standstill(unittest.TestCase):
    def test_a_node_that_stood_still_writes_nothing_stale(self):
        dice = random.Random(SEED)
        with PostgresServer() as server, Sink() as sink:
            server.start().prepare()
            cluster = Cluster(server.location(), 3, sink, lease_ms=LEASE_MS)
            self.addCleanup(cluster.close)
            cluster.start()
            keep_diary(server)
            sink.behave = lambda received: Reply(delay_s=0.05 + dice.random() / 5)
            for _ in range(ROUNDS):
                victim, *others = dice.sample(cluster.nodes, 3)
                in_parallel(6, lambda i: [cluster.post(victim if n % 2 else others[i % 2])
                                          for n in range(10)])
                victim.process.send_signal(signal.SIGSTOP)
                end = time.monotonic() + 3 * LEASE_MS / 1000
                while time.monotonic() < end:
                    cluster.post(others[0])
                victim.process.send_signal(signal.SIGCONT)
                wait_until(lambda: victim.admin("/readyz").status == 200, "the node is back")
            cluster.drain()
            self.assertEqual(stale_writes(server), [])
            self.assertEqual(claimed_twice(server), [])
            self.assertEqual(epochs_of_two(server), [])
            fenced = sum(node.log().count("was silent for too long") for node in cluster.nodes)
            refused = sum(node.log().count("another node") for node in cluster.nodes)
            self.assertGreaterEqual(fenced, ROUNDS // 2, "nodes were taken for dead")
            times = collections.Counter(cluster.delivered())
            print(f"{ROUNDS} rounds: {len(cluster.acked)} events, {fenced} fenced, "
                  f"{refused} stale writes refused, 0 accepted, "
                  f"{sum(n - 1 for n in times.values())} deliveries repeated")


class Failover(unittest.TestCase):
    def test_when_the_primary_dies_nothing_acknowledged_is_lost(self):
        waits = []
        for _ in range(max(1, ROUNDS // 3)):
            waits.append(self.one_failover())
        print(f"{len(waits)} failovers: webhooks taken again {max(waits):.1f} s after the "
              f"promotion at the latest")

    def one_failover(self):
        primary = PostgresServer(port=5432).start().prepare()
        self.addCleanup(primary.close)
        standby = PostgresServer(port=5433, source=primary).start()
        self.addCleanup(standby.close)
        primary.psql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.psql("SELECT pg_reload_conf()")
        wait_until(lambda: primary.psql("SELECT sync_state FROM pg_stat_replication") == [["sync"]],
                   "the standby is synchronous")
        location = (f"postgres://junctor@/junctor?host={primary.folder},{standby.folder}"
                    f"&port={primary.port},{standby.port}")
        with Sink() as sink:
            cluster = Cluster(location, 2, sink)
            try:
                cluster.start()
                seen, stop, back = collections.Counter(), threading.Event(), []
                promoted = [None]

                def traffic(index):
                    while not stop.is_set():
                        status = cluster.post(cluster.nodes[index % 2])
                        seen[status] += 1
                        if status == 202 and promoted[0] and not back:
                            back.append(time.monotonic() - promoted[0])

                threads = [threading.Thread(target=traffic, args=(i,)) for i in range(4)]
                for thread in threads:
                    thread.start()
                wait_until(lambda: seen[202] > 100, "some are taken")
                primary.kill()
                standby.run(tool("pg_ctl"), "-D", standby.data, "-w", "promote")
                promoted[0] = time.monotonic()
                wait_until(lambda: back, lambda: f"webhooks are taken again: {seen}")
                before = seen[202]
                wait_until(lambda: seen[202] > before + 100, "and go on")
                stop.set()
                for thread in threads:
                    thread.join()
                cluster.drain()
                stored = standby.psql("SELECT sum(requests), sum(inbox) FROM counter")
                self.assertGreaterEqual(int(stored[0][0]), len(cluster.acked))
                return back[0]
            finally:
                cluster.close()


if __name__ == "__main__":
    unittest.main()
