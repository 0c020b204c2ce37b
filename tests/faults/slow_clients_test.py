"""2,000 slow connections of each kind (slowhttptest): others keep being answered, memory stays."""
import re
import resource
import subprocess
import time
import unittest

from junctor_harness import Junctor, ROUTE_ALL, Sink, http_destination, request, standard_webhooks

CONNECTIONS, SECONDS = 2000, 15
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class SlowClients(unittest.TestCase):
    def setUp(self):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    def attack(self, *kind):
        with Sink() as sink, Junctor(env={"E2E_SECRET": SECRET}) as server:
            server.write_tenant("acme", [{"id": "in", "connector": "standard-webhooks",
                                          "webhook_secrets": ["env:E2E_SECRET"]}],
                                [http_destination("sink", sink.port)], {"all": ROUTE_ALL})
            server.start()
            server.apply()
            before = server.rss_bytes()
            attack = subprocess.Popen(
                ["slowhttptest", *kind, "-c", str(CONNECTIONS), "-r", "500", "-l", str(SECONDS),
                 "-p", "5", "-u", f"http://127.0.0.1:{server.port}/v1/webhooks/incoming/in"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            waits, peak = [], before
            while attack.poll() is None:
                started = time.monotonic()
                answer = server.post("in", *standard_webhooks(SECRET, {"type": "probe"}))
                self.assertEqual(answer.status, 202)
                self.assertEqual(request(server.port, "GET", "/healthz").status, 200)
                waits.append(time.monotonic() - started)
                peak = max(peak, server.rss_bytes())
                time.sleep(0.1)
            said = re.sub(r"\x1b\[[0-9;]*m", "", attack.communicate()[0])
            waits.sort()
            print(f"slowhttptest {' '.join(kind)}: {len(waits)} probes, "
                  f"p99 {waits[int(len(waits) * 0.99)] * 1000:.0f} ms, "
                  f"memory +{(peak - before) / 2**20:.0f} MiB")
            self.assertGreater(len(waits), 20)
            self.assertIn("service available:   YES", said)
            self.assertLess(peak - before, 64 * 2**20)
            sink.wait_for(len(waits))

    def test_slow_headers_do_not_stop_others(self):
        self.attack("-H")

    def test_slow_bodies_do_not_stop_others(self):
        self.attack("-B")

    def test_slow_readers_do_not_stop_others(self):
        self.attack("-X", "-k", "5", "-w", "8", "-y", "16", "-n", "3", "-z", "4")


if __name__ == "__main__":
    unittest.main(verbosity=2)
