"""The zoo of faulty connectors, installed into a running server beside a good one: every request
that was acknowledged ends with an outcome, the faulty ones with a clear cause, the good one's are all
delivered, and the server goes on."""
import collections
import os
import pathlib
import time
import unittest

from junctor_harness import ROUTE_ALL, Junctor, Sink, _hmac, as_body, http_destination, \
    in_parallel, wait_until

ZOO = pathlib.Path(os.environ["JUNCTOR_ZOO"])
SECRET = "a secret of the zoo, long enough"
PREFIX = "org.example.zoo"
EACH, GOOD = 6, 60  # requests to each faulty connector, to the good one
CAUSES = ("connector-crash: ", "connector-quarantined: ", "connector-error: ")
# They end, or never let go of, the process that runs them.
ENDS_ITS_PROCESS = {"aborts", "exits", "overflows-stack", "segfault", "sleeps", "spins"}
REPEATS_IDS = {"names-addresses"}
# Their library is refused when it is loaded.
NEVER_RUNS = {"exits-at-load", "forged-manifest", "wrong-size"}


def name_of(path):
    return path.stem.replace("_", "-")


def signed(body):
    at = str(int(time.time()))
    return body, {"Content-Type": "application/json", "X-Zoo-Time": at,
                  "X-Zoo-Signature": _hmac(SECRET, f"{at}.".encode() + body).hexdigest()}


def install(server, paths):
    """Packs, signs and installs each library into the running server."""
    root = server.cli_json("connector", "key", "new", "--root", "-O", f"{server.folder}/root")
    server.cli("connector", "key", "new", "--publisher", "The Zoo", "--prefix", PREFIX,
               "-O", f"{server.folder}/zoo")
    server.cli("connector", "key", "certify", f"{server.folder}/zoo.cert",
               "--key", f"{server.folder}/root.key", "--level", "verified")
    server.env.update({"JUNCTOR_CONNECTORS_ROOTS": root["public_key"], "ZOO_SECRET": SECRET})
    server.start()
    readme = server.folder / "docs"
    readme.mkdir()
    (readme / "README.md").write_text("# An animal\n")
    for path in paths:
        bundle = str(server.folder / f"{path.stem}.junctor")
        packed = server.cli("connector", "pack", str(path), "--with", str(readme), "-O", bundle,
                            check=False)
        if packed.returncode != 0:
            continue  # the packer saw through it
        server.cli("connector", "sign", bundle, "--key", f"{server.folder}/zoo.key",
                   "--certificate", f"{server.folder}/zoo.cert")
        server.cli("connector", "install", bundle, "--accept-capabilities")


def loaded(server):
    listed = server.admin("/v1/connectors").json()
    return {c["id"].removeprefix(PREFIX + "."): c["runs_in"] for c in listed["data"]
            if c["id"].startswith(PREFIX)}


def write_tenants(server, sink, names):
    """A tenant for the good connector, another for the others."""
    def integrations(animals):
        return [{"id": f"in-{name}", "connector": f"{PREFIX}.{name}",
                 "webhook_secrets": ["env:ZOO_SECRET"]} for name in animals]
    server.write_tenant("keeper", integrations(["good"]), [http_destination("sink", sink.port)],
                        {"all": ROUTE_ALL})
    server.write_tenant("cages", integrations(n for n in names if n != "good"),
                        [http_destination("sink", sink.port)], {"all": ROUTE_ALL})


def send(server, name, number):
    """The id that was acknowledged. A sender comes again until it is."""
    body = as_body({"id": f"{name}-{number}", "type": "thing.happened"})
    while True:
        answer = server.post(f"in-{name}", *signed(body))
        if answer.status == 202:
            return answer.json()["event_id"]
        assert answer.status == 503, (name, answer)


def deliveries(server, tenant):
    """All of a tenant's, by event."""
    found, cursor = collections.defaultdict(list), ""
    while True:
        page = server.admin(f"/v1/tenants/{tenant}/deliveries?limit=250{cursor}").json()
        for delivery in page["data"]:
            found[delivery["event_id"]].append(delivery)
        if not page.get("next_cursor"):
            return found
        cursor = f"&cursor={page['next_cursor']}"


class Zoo(unittest.TestCase):
    def test_the_whole_zoo_loses_nothing_and_hurts_nobody(self):
        with Junctor() as server, Sink() as sink:
            install(server, sorted(ZOO.glob("*.so")))
            animals = loaded(server)
            self.assertIn("good", animals)
            self.assertGreaterEqual(len(animals), 40)
            self.assertFalse(NEVER_RUNS & set(animals))
            for where in animals.values():
                self.assertIn("own process (seccomp, landlock", where)
            write_tenants(server, sink, animals)
            server.apply()

            work = [(name, n) for n in range(EACH) for name in animals if name != "good"]
            work += [("good", n) for n in range(GOOD)]
            lanes = [work[i::8] for i in range(8)]
            acked = collections.defaultdict(set)
            for lane in in_parallel(8, lambda i: [(name, send(server, name, n))
                                                  for name, n in lanes[i]]):
                for name, event in lane:
                    acked[name].add(event)

            def settled():
                server.must_live()
                counts = [server.admin(f"/v1/tenants/{t}/ledger").json()
                          for t in ("keeper", "cages")]
                unsettled = ("inbox", "pending", "running", "waiting")
                return all(c[state] == 0 for c in counts for state in unsettled) and counts
            counts = wait_until(settled, "everything has an outcome", patience_s=600)
            notices = [server.admin(f"/v1/tenants/{t}/events?source=junctor&limit=250").json()
                       for t in ("keeper", "cages")]
            told = [event["type"] for page in notices for event in page["data"]]
            self.assertEqual(set(told), {"junctor.integration.error"})
            self.assertEqual(sum(c["requests"] for c in counts) - len(told),
                             sum(len(events) for events in acked.values()))

            for tenant, names in (("keeper", ["good"]), ("cages", set(acked) - {"good"})):
                found = deliveries(server, tenant)
                for name in names:
                    for event in acked[name]:
                        # Two events of one id are one: the second is dropped as a duplicate.
                        if name in REPEATS_IDS and not found[event]:
                            continue
                        self.assertTrue(found[event], f"{name}: {event} has no outcome")
                        for delivery in found[event]:
                            self.judge(name, delivery)
            self.assertEqual(server.admin("/healthz").status, 200)
            self.assertTrue(loaded(server)["segfault"].startswith("quarantined: 5 crashes"))
            server.cli("connector", "release", f"{PREFIX}.segfault")
            self.assertFalse(loaded(server)["segfault"].startswith("quarantined"))

    def judge(self, name, delivery):
        reason = delivery.get("reason") or ""
        if delivery["state"] == "dead":
            self.assertTrue(reason.startswith(CAUSES), f"{name}: {reason}")
        else:
            self.assertEqual(delivery["state"], "delivered", f"{name}: {delivery}")
        if name == "good":
            self.assertEqual(delivery["state"], "delivered", delivery)
        if name in ENDS_ITS_PROCESS:
            self.assertTrue(reason.startswith(CAUSES[:2]), f"{name}: {delivery}")


if __name__ == "__main__":
    unittest.main()
