"""OAuth over three nodes and one PostgreSQL: a callback comes to any node, and however many ask on
however many nodes, a token is renewed once."""
import json
import shutil
import subprocess
import time
import unittest
import urllib.parse

from junctor_harness import Junctor, free_port, in_parallel, request, wait_until
from oauth_test import House, Provider
from postgres_server import PostgresServer

NODES, WORKERS = 3, 200


class OverNodes(House):
    """The mock server ends the grant when a refresh token is used twice; so does oidc-provider."""
    kind = "mock"

    def setUp(self):
        database = PostgresServer().start().prepare()
        self.addCleanup(database.close)
        public = free_port()
        self.callback = f"http://127.0.0.1:{public}/v1/oauth/callback"
        self.provider = Provider(self.kind, self.callback)
        self.addCleanup(self.provider.close)
        self.nodes = []
        for i in range(NODES):
            node = Junctor(args=["--store", f"{database.location()}&application_name=node{i}"], env={
                "JUNCTOR_CONNECTORS_SIMULATORS": f"github={self.provider.port}",
                "JUNCTOR_LISTENERS_PUBLIC_URL": f"http://127.0.0.1:{public}"})
            self.addCleanup(lambda node=node: node.__exit__(None, None, None))
            self.nodes.append(node)
        self.server = self.nodes[0]
        self.server.write_tenant("acme", [
            {"id": "gh", "connector": "github", "webhook_secrets": ["env:E2E_SIGNING_SECRET"],
             "settings": {"client_id": "junctor", "scopes": "openid offline_access"}}])
        self.server.start()
        for node in self.nodes[1:]:
            node.data.mkdir(mode=0o700, exist_ok=True)
            shutil.copy2(self.server.data / "vault.key", node.data / "vault.key")
            node.start()
        self.server.apply()
        for node in self.nodes:
            wait_until(lambda: node.post("gh", b"{}", {}).status == 401, "the node knows the tenant")
        subprocess.run([self.server.binary, "secret", "put", "gh", "client_secret", "--tenant", "acme"],
                       input="client-secret-1", text=True, check=True, capture_output=True,
                       env={**self.server.env, "JUNCTOR_DATA_DIR": str(self.server.data)})

    def api(self, method, path, body=None, node=None):
        node = node or self.server
        headers = {"Authorization": f"Bearer {node.local_token()}", "Content-Type": "application/json"}
        return request(node.admin_port, method, f"/v1/tenants/acme/integrations/{path}",
                       None if body is None else json.dumps(body), headers)

    def come_back(self, url, node=None):
        parts = urllib.parse.urlsplit(url)
        return request((node or self.nodes[1]).port, "GET", f"{parts.path}?{parts.query}")

    def everywhere(self):
        """Statuses of WORKERS calls on each node, all at once."""
        tokens = [node.local_token() for node in self.nodes]

        def use(i):
            node, token = self.nodes[i % NODES], tokens[i % NODES]
            return request(node.admin_port, "POST", "/v1/tenants/acme/integrations/gh/test", "{}",
                           {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}).status
        return in_parallel(NODES * WORKERS, use)

    def test_a_callback_may_come_to_another_node_and_once_only(self):
        back = self.consent(self.begin())
        answers = in_parallel(6, lambda i: self.come_back(back, self.nodes[i % NODES]).status)
        self.assertEqual(sorted(answers), [200] + [400] * 5)
        self.assertEqual(self.provider.stats()["exchanges"], 1)
        for node in self.nodes:
            self.assertEqual(self.api("POST", "gh/test", {}, node).status, 200)

    def test_workers_on_three_nodes_renew_once_at_the_end_of_a_token(self):
        self.provider.set(expires_in=2)
        self.connect()
        time.sleep(2.2)
        self.provider.set(expires_in=3600, delay_ms=300)
        self.assertEqual(set(self.everywhere()), {200})
        self.assertEqual(self.provider.stats()["refreshes"], 1)

    def test_workers_on_three_nodes_renew_once_when_the_provider_refuses_the_token(self):
        self.connect()
        self.provider.set(refuse=True)
        self.assertEqual(set(self.everywhere()), {200})
        self.assertEqual(self.provider.stats()["refreshes"], 1)

    def test_a_grant_that_ended_is_asked_for_once_by_three_nodes(self):
        self.provider.set(expires_in=1)
        self.connect()
        time.sleep(1.2)
        self.provider.set(hang_after=True)
        in_parallel(1, lambda _: self.use().status)  # rotated, and never received
        self.provider.set(hang_after=False)
        before = self.provider.stats()["refreshes"]
        time.sleep(1.2)
        self.assertEqual(set(self.everywhere()) - {503}, {424})
        self.assertEqual(self.provider.stats()["refreshes"], before + 1)


class OidcOverNodes(OverNodes):
    kind = "oidc"


if __name__ == "__main__":
    unittest.main()
