"""Several real servers over one PostgreSQL: who serves what, and what an outage of it costs."""
import collections
import subprocess
import threading
import time
import unittest

from cluster import Cluster, claimed_twice, epochs_of_two, keep_diary, stale_writes
from junctor_harness import Reply, Sink, http_destination, in_parallel, request, wait_until
from postgres_server import PostgresServer


class ClusterTest(unittest.TestCase):
    def setUp(self):
        self.server = PostgresServer().start().prepare()
        self.addCleanup(self.server.close)
        self.sink = Sink()
        self.sink.open()
        self.addCleanup(self.sink.close)

    def cluster(self, count, **more):
        cluster = Cluster(self.server.location(), count, self.sink, **more)
        self.addCleanup(cluster.close)
        return cluster.start()

    def run_traffic(self, count):
        cluster = self.cluster(count)
        keep_diary(self.server)
        answers = in_parallel(6, lambda i: [cluster.post(cluster.nodes[(i + n) % count])
                                            for n in range(100)])
        self.assertEqual({status for some in answers for status in some}, {202})
        cluster.drain()
        self.assertEqual(len(cluster.acked), 600)
        repeated = [n for n, times in collections.Counter(cluster.delivered()).items() if times > 1]
        self.assertEqual(repeated, [], "nothing failed, so nothing is sent twice")
        self.assertEqual(claimed_twice(self.server), [])
        self.assertEqual(epochs_of_two(self.server), [])
        self.assertEqual(stale_writes(self.server), [])
        sums = "SELECT sum(requests), sum(inbox), sum(events), sum(delivered) FROM counter"
        wait_until(lambda: self.server.psql(sums) == [["600", "0", "600", "600"]],
                   lambda: f"the ledger balances: {self.server.psql(sums)}")
        busy = self.server.psql("SELECT DISTINCT node FROM diary WHERE what = 'attempt'")
        self.assertEqual(len(busy), count, "every node delivered something")

    def test_two_nodes_deliver_everything_once(self):
        self.run_traffic(2)

    def test_three_nodes_deliver_everything_once(self):
        self.run_traffic(3)

    def test_what_one_node_is_told_all_nodes_know(self):
        cluster = self.cluster(2)
        first, second = cluster.nodes
        with Sink() as other:
            first.write_tenant(
                "globex", [{"id": "gin", "connector": "standard-webhooks",
                            "webhook_secrets": ["env:E2E_SECRET"]}],
                [http_destination("sink", other.port)])
            first.apply()
            wait_until(lambda: second.post("gin", b"{}", {}).status == 401,
                       "the second node knows the new integration")
        for verb, state in (("pause", "paused"), ("resume", "flowing")):
            second.cli("destination", verb, "sink", "--tenant", "acme")
            wait_until(lambda: self.state_at(first) == state, f"the first node knows: {state}")

    def test_the_nodes_keep_to_a_providers_rate_together(self):
        rate = 30
        provider = Sink(lambda received: Reply(200, body=b'{"number": 7}'))
        provider.open()
        self.addCleanup(provider.close)
        cluster = Cluster(self.server.location(), 3, self.sink, lease_ms=1_500)
        self.addCleanup(cluster.close)
        for node in cluster.nodes:
            node.env["JUNCTOR_CONNECTORS_SIMULATORS"] = f"github={provider.port}"
        cluster.start()
        first = cluster.nodes[0]
        first.write_tenant("globex", [{"id": "gh", "connector": "github", "webhook_secrets": ["env:E2E_SECRET"],
                                       "settings": {"rate_limit": f"{rate}/s"}}])
        first.apply()
        subprocess.run([first.binary, "secret", "put", "gh", "api_token", "--tenant", "globex"], input="t",
                       text=True, check=True, capture_output=True,
                       env={**first.env, "JUNCTOR_DATA_DIR": str(first.data)})
        for node in cluster.nodes:
            wait_until(lambda: node.post("gh", b"{}", {}).status == 401, "the node knows the integration")
        time.sleep(2)  # a beat of every node: each knows how many they are
        tokens = [node.local_token() for node in cluster.nodes]

        def act(i):
            node, token = cluster.nodes[i % 3], tokens[i % 3]
            return request(node.admin_port, "POST", "/v1/tenants/globex/integrations/gh/actions/get_issue",
                           '{"params": {"repository": "acme/app", "number": 7}}',
                           {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}).status
        self.assertEqual(set(in_parallel(4 * rate, act)), {200})
        at = sorted(r.at for r in provider.all())
        self.assertEqual(len(at), 4 * rate)
        self.assertLessEqual(max(sum(start <= other < start + 1 for other in at) for start in at), rate)

    @staticmethod
    def state_at(node):
        listed = node.cli_json("destination", "list", "--tenant", "acme")["items"]
        return next(d["state"] for d in listed if d["name"] == "sink")

    def test_the_work_of_a_node_that_died_is_done_by_another(self):
        cluster = self.cluster(2, lease_ms=1_000)
        self.sink.behave = lambda received: Reply(delay_s=0.3)
        for _ in range(40):
            self.assertEqual(cluster.post(cluster.nodes[0]), 202)
        cluster.nodes[0].kill()
        cluster.drain()

    def test_while_the_database_is_away_webhooks_are_refused_and_then_taken_again(self):
        cluster = self.cluster(2)
        seen, stop = collections.Counter(), threading.Event()

        def traffic(index):
            while not stop.is_set():
                seen[cluster.post(cluster.nodes[index % 2])] += 1

        threads = [threading.Thread(target=traffic, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        wait_until(lambda: seen[202] > 50, "some are taken")
        self.server.kill()
        wait_until(lambda: seen[503] > 50, lambda: f"webhooks are refused: {seen}")
        ready = cluster.nodes[0].admin("/readyz")
        self.assertEqual(ready.status, 503)
        self.server.start()
        back, before = time.monotonic(), seen[202]
        wait_until(lambda: seen[202] > before + 50, "webhooks are taken again")
        print(f"taken again {time.monotonic() - back:.1f} s after the database was back")
        stop.set()
        for thread in threads:
            thread.join()
        self.assertLessEqual(set(seen), {202, 503})
        cluster.drain()
        self.assertNotIn("junctor@", cluster.nodes[0].log(), "the location is not logged")


if __name__ == "__main__":
    unittest.main()
