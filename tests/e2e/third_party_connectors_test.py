"""A stranger's connector, from key to revocation, through the installed command line: built from the
SDK's example, packed, signed, installed into a running server, sent events, upgraded, rolled back,
revoked."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

from junctor_harness import BINARY, SOURCE, ROUTE_ALL, Junctor, Sink, _hmac, as_body, \
    http_destination

SECRET = "a secret of the demo tenant, long enough"
ID = "com.example.acme"
SDK = pathlib.Path(BINARY).resolve().parents[1] / "share/junctor/sdk"


def build(folder, version, **more):
    """The example in C with another version; its folder."""
    shutil.copytree(SOURCE / "sdk/examples/c", folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest.update(version=version, **more)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    (folder / "README.md").write_text(f"# Acme {version}\n")
    subprocess.run(["sh", "build.sh"], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "JUNCTOR_SDK": str(SDK)})
    return folder


class ThirdPartyConnectors(unittest.TestCase):
    def refused(self, server, reason, *arguments):
        done = server.cli("connector", *arguments, check=False)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn(reason, done.stderr + done.stdout)

    def packed(self, server, version, sign=True, **more):
        folder = build(server.folder / f"acme-{version}-{len(more)}", version, **more)
        bundle = str(server.folder / f"acme-{version}-{len(more)}.junctor")
        server.cli("connector", "pack", str(folder), "-O", bundle)
        if sign:
            server.cli("connector", "sign", bundle, "--key", f"{server.folder}/acme.key",
                       "--certificate", f"{server.folder}/acme.cert")
        return bundle

    def post(self, server, sink):
        """Sends one order; it must arrive, or be refused with the status given back."""
        before, at = sink.count(), str(int(time.time()))
        body = as_body({"id": f"ev_{time.time_ns()}", "kind": "order.paid",
                        "at": "2026-03-02T09:15:30Z", "order": {"no": 7, "total": "19.90 EUR"},
                        "by": {"id": 1, "name": "Ada"}})
        answer = server.post("shop", body, {
            "Content-Type": "application/json", "X-Acme-Time": at,
            "X-Acme-Signature": _hmac(SECRET, f"{at}.".encode() + body).hexdigest()})
        if answer.status == 202:
            sink.wait_for(before + 1)
        return answer.status

    def version(self, server):
        return next((c["version"] for c in server.admin("/v1/connectors").json()["data"]
                     if c["id"] == ID), None)

    def keys(self, server):
        """A root that the server believes, and a publisher that the root vouches for."""
        root = server.cli_json("connector", "key", "new", "--root", "-O", f"{server.folder}/root")
        server.cli("connector", "key", "new", "--publisher", "Acme Inc", "--prefix", ID,
                   "-O", f"{server.folder}/acme")
        server.cli("connector", "key", "certify", f"{server.folder}/acme.cert",
                   "--key", f"{server.folder}/root.key", "--level", "verified")
        for name in ("root.key", "acme.key"):
            self.assertEqual((server.folder / name).stat().st_mode & 0o777, 0o600)
        server.env["JUNCTOR_CONNECTORS_ROOTS"] = root["public_key"]

    def serve(self, server, sink):
        server.write_tenant("acme", [{"id": "shop", "connector": ID,
                                      "webhook_secrets": ["env:SHOP_SECRET"]}],
                            [http_destination("sink", sink.port)], {"all": ROUTE_ALL})
        server.apply()

    def test_a_connector_from_key_to_revocation(self):
        with Sink() as sink, Junctor(env={"SHOP_SECRET": SECRET}) as server:
            self.keys(server)
            first = self.packed(server, "1.0.0", capabilities={"hosts": ["api.acme.example"]})
            second = self.packed(server, "1.1.0", capabilities={"hosts": ["api.acme.example"]})

            self.refused(server, "network: api.acme.example", "install", first)
            done = server.cli_json("connector", "install", first, "--accept-capabilities")
            self.assertEqual((done["level"], done["server"]), ("verified", "not running"))
            shown = server.cli_json("connector", "inspect", ID)
            self.assertEqual((shown["version"], shown["publisher"]), ("1.0.0", "Acme Inc"))

            server.start()
            self.assertEqual(self.version(server), "1.0.0")
            self.serve(server, sink)
            self.assertEqual(self.post(server, sink), 202)
            self.assertEqual(server.cli_json("send", ID, "order.paid")["status"], 202)
            listed = {c["id"]: c for c in server.cli_json("connector", "list")["items"]}
            self.assertEqual((listed[ID]["level"], listed["github"]["level"]), ("verified", "core"))

            self.assertEqual(server.cli_json("connector", "install", second)["server"], "reloaded")
            self.assertEqual(self.version(server), "1.1.0")
            self.assertEqual(self.post(server, sink), 202)
            self.refused(server, "is older than 1.1.0", "install", first)

            self.assertEqual(server.cli_json("connector", "rollback", ID)["version"], "1.0.0")
            self.assertEqual(self.version(server), "1.0.0")
            self.assertEqual(self.post(server, sink), 202)

            server.cli("connector", "revoke", f"{ID}@1.0.0", "--reason", "leaks tokens")
            self.assertIsNone(self.version(server))
            self.refused(server, "was revoked: leaks tokens", "install", first)
            self.refused(server, "was revoked: leaks tokens", "inspect", first)
            server.kill()
            server.restart()
            self.assertIsNone(self.version(server))
            server.cli("connector", "install", second)  # the publisher's cure
            self.assertEqual(self.version(server), "1.1.0")
            self.assertEqual(self.post(server, sink), 202)
            server.cli("connector", "uninstall", ID)
            self.assertIsNone(self.version(server))

    def test_a_connector_in_go_lives_in_its_own_process(self):
        if not shutil.which("go"):
            self.skipTest("no go on this machine: nothing to run")
        with Sink() as sink, Junctor(env={"SHOP_SECRET": SECRET}) as server:
            self.keys(server)
            folder, bundle = server.folder / "go", str(server.folder / "go.junctor")
            server.cli("connector", "new", "--lang", "go", "acme", "--dir", str(folder))
            subprocess.run(["sh", "build.sh"], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                           env={**os.environ, "JUNCTOR_SDK": str(SDK)})
            server.cli("connector", "pack", str(folder), "-O", bundle)
            server.cli("connector", "sign", bundle, "--key", f"{server.folder}/acme.key",
                       "--certificate", f"{server.folder}/acme.cert")
            server.start()
            server.cli("connector", "install", bundle, "--accept-capabilities")
            self.serve(server, sink)
            for _ in range(5):
                self.assertEqual(self.post(server, sink), 202)
            # Its runtime's threads do not make it a poor sleeper, and its end is not the server's.
            shown = next(c for c in server.admin("/v1/connectors").json()["data"] if c["id"] == ID)
            self.assertTrue(shown["runs_in"].startswith("own process (seccomp, landlock"), shown)
            os.kill(self.runner_of(server), signal.SIGKILL)
            self.assertEqual(self.post(server, sink), 202)
            server.must_live()

    def runner_of(self, server):
        children = pathlib.Path(f"/proc/{server.process.pid}/task").glob("*/children")
        pids = [int(pid) for path in children for pid in path.read_text().split()]
        return next(pid for pid in pids
                    if pathlib.Path(f"/proc/{pid}/comm").read_text() == "junctor-runner\n")

    def test_the_server_is_told_to_look_again_and_to_forgive(self):
        with Junctor() as server:
            server.start()
            self.assertEqual(server.cli_json("connector", "reload")["changes"], [])
            self.refused(server, "is quarantined", "release", "github")

    def test_nobody_is_believed_who_was_not_named(self):
        with Junctor() as server:
            server.cli("connector", "key", "new", "--publisher", "Acme Inc", "--prefix", ID,
                       "-O", f"{server.folder}/acme")
            bundle = self.packed(server, "1.0.0", sign=False)
            self.refused(server, "is not signed", "install", bundle)
            server.cli("connector", "sign", bundle, "--key", f"{server.folder}/acme.key",
                       "--certificate", f"{server.folder}/acme.cert")
            self.refused(server, "does not trust", "install", bundle)
            server.cli("connector", "trust", "add", f"{server.folder}/acme.cert")
            self.assertEqual(server.cli_json("connector", "install", bundle,
                                             "--accept-capabilities")["level"], "private")
            key = server.cli_json("connector", "trust", "list")["items"][0]["key"]
            server.cli("connector", "trust", "remove", key)
            server.start()
            self.assertIsNone(self.version(server))

    def test_a_bundle_changed_on_its_way_is_refused(self):
        with Junctor() as server:
            self.keys(server)
            bundle = pathlib.Path(self.packed(server, "1.0.0"))
            whole = bytearray(bundle.read_bytes())
            whole[len(whole) // 2] ^= 1
            bundle.write_bytes(whole)
            self.refused(server, "is not what the list says", "install", str(bundle))
            bundle.write_bytes(whole[:5000])
            self.refused(server, "is cut off", "install", str(bundle))
            self.assertFalse((server.data / "connectors").exists())

    def test_unsigned_connectors_run_in_a_dev_server_only(self):
        with Junctor() as server:
            bundle = self.packed(server, "1.0.0", sign=False)
            server.cli("connector", "install", bundle, "--dev", "--accept-capabilities")
            server.start()
            self.assertIsNone(self.version(server))
            server.kill()
            server.args.append("--dev")
            server.start()
            self.assertEqual(self.version(server), "1.0.0")


if __name__ == "__main__":
    unittest.main(verbosity=2)
