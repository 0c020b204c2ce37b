"""OAuth from consent to revocation, against oauth2-mock-server and oidc-provider."""
import http.client
import http.cookiejar
import json
import os
import pathlib
import re
import subprocess
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from junctor_harness import Junctor, free_port, in_parallel, request, wait_until

SERVERS = pathlib.Path(os.environ["OAUTH_SERVERS"])


class Provider:
    def __init__(self, kind, callback):
        self.process = subprocess.Popen(["node", "server.mjs", kind, callback], cwd=SERVERS, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.port = int(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def set(self, **knobs):
        request(self.port, "POST", "/control", json.dumps(knobs))

    def stats(self):
        return request(self.port, "GET", "/stats").json()


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class House(unittest.TestCase):
    kind = "mock"

    def setUp(self):
        public = free_port()
        self.callback = f"http://127.0.0.1:{public}/v1/oauth/callback"
        self.provider = Provider(self.kind, self.callback)
        self.addCleanup(self.provider.close)
        self.server = Junctor(args=["--log-level", "debug"],
                              env={"JUNCTOR_CONNECTORS_SIMULATORS": f"github={self.provider.port}"})
        self.server.port = public
        self.addCleanup(lambda: self.server.__exit__(None, None, None))
        settings = {"client_id": "junctor", "scopes": "openid offline_access"}
        self.server.write_tenant("acme", [
            {"id": name, "connector": "github", "settings": settings,
             "webhook_secrets": ["env:E2E_SIGNING_SECRET"]} for name in ("gh", "other")])
        self.server.write_tenant("globex")
        self.server.start()
        self.server.apply()
        for name in ("gh", "other"):
            subprocess.run([self.server.binary, "secret", "put", name, "client_secret", "--tenant",
                            "acme"], input="client-secret-1", text=True, check=True, capture_output=True,
                           env={**self.server.env, "JUNCTOR_DATA_DIR": str(self.server.data)})

    def api(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.server.local_token()}",
                   "Content-Type": "application/json"}
        return request(self.server.admin_port, method, f"/v1/tenants/acme/integrations/{path}",
                       None if body is None else json.dumps(body), headers)

    def begin(self, integration="gh"):
        answer = self.api("POST", f"{integration}/authorize", {})
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()["url"]

    def consent(self, url):
        """As a browser would: follows the provider until it sends the person back; that URL."""
        url = url.replace("https://github.com", f"http://127.0.0.1:{self.provider.port}")
        jar = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(
            allowed_domains=None, strict_ns_domain=0))
        browser = urllib.request.build_opener(NoRedirects, urllib.request.HTTPCookieProcessor(jar))
        for _ in range(10):
            try:
                answer = browser.open(url)
                self.fail(f"no redirect: {answer.read()[:300]}")
            except urllib.error.HTTPError as moved:
                self.assertIn(moved.code, (302, 303), moved.read()[:500])
                url = urllib.parse.urljoin(url, moved.headers["Location"])
                moved.close()
            if url.startswith(self.callback):
                return url
        self.fail("the provider never sends the person back")

    def come_back(self, url):
        parts = urllib.parse.urlsplit(url)
        return request(self.server.port, "GET", f"{parts.path}?{parts.query}")

    def connect(self, integration="gh"):
        answer = self.come_back(self.consent(self.begin(integration)))
        self.assertEqual(answer.status, 200, answer.body)

    def state(self, integration="gh"):
        return self.api("GET", integration).json()["credential"]["state"]

    def use(self, integration="gh"):
        return self.api("POST", f"{integration}/test", {})


class AnyServer:
    def test_a_person_consents_and_the_integration_acts(self):
        self.assertEqual(self.state(), "none")
        url = self.begin()
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        self.assertEqual(query["code_challenge_method"], "S256")
        self.assertEqual(query["redirect_uri"], self.callback)
        self.assertGreaterEqual(len(query["state"]), 40)
        self.assertEqual(self.state(), "pending")
        self.assertEqual(self.come_back(self.consent(url)).status, 200)
        self.assertEqual(self.state(), "active")
        self.assertEqual(self.use().status, 200, self.use().body)

    def test_many_workers_at_expiry_renew_once(self):
        self.provider.set(expires_in=2)
        self.connect()
        time.sleep(2.2)
        self.provider.set(expires_in=3600, delay_ms=300)
        before = self.provider.stats()["refreshes"]
        answers = in_parallel(200, lambda _: self.use().status)
        self.assertEqual(set(answers), {200})
        self.assertEqual(self.provider.stats()["refreshes"] - before, 1)

    def test_a_token_that_the_provider_refuses_is_renewed_once(self):
        self.connect()
        self.provider.set(refuse=True)
        before = self.provider.stats()["refreshes"]
        answers = in_parallel(20, lambda _: self.use().status)
        self.assertEqual(set(answers), {200})
        self.assertEqual(self.provider.stats()["refreshes"] - before, 1)

    def test_the_old_refresh_token_stays_where_none_is_given(self):
        self.provider.set(keep_refresh=True, expires_in=1)
        self.connect()
        for _ in range(2):
            time.sleep(1.2)
            self.assertEqual(self.use().status, 200)
        self.assertEqual(self.state(), "active")

    def test_a_login_goes_on_after_a_restart_and_once_only(self):
        back = self.consent(self.begin())
        self.server.kill()
        self.server.restart()
        fields = [s["field"] for s in self.api("GET", "gh/secrets").json()["data"]]
        self.assertEqual(fields, ["client_secret"])
        self.assertEqual(self.come_back(back).status, 200)
        self.assertEqual(self.come_back(back).status, 400)
        self.assertEqual(self.use().status, 200)

    def test_a_restart_keeps_the_token(self):
        self.connect()
        self.server.kill()
        self.server.restart()
        self.assertEqual(self.use().status, 200)
        self.assertEqual(self.provider.stats()["refreshes"], 0)

    def test_a_kill_between_answer_and_store_ends_in_a_state_that_is_seen(self):
        for i in range(self.kills):
            wait_s = (0.3, 0, 0.02, 0.1, 0.005)[i % 5]
            with self.subTest(wait_s=wait_s):
                self.kill_in_a_renewal(wait_s)

    def kill_in_a_renewal(self, wait_s):
        self.provider.set(expires_in=1)
        self.connect()
        time.sleep(1.2)
        self.provider.set(hang_after=True)
        before = self.provider.stats()["refreshes"]
        threading.Thread(target=self.quietly, daemon=True).start()
        wait_until(lambda: self.provider.stats()["refreshes"] > before, "the renewal is asked for")
        time.sleep(wait_s)  # the provider has rotated, or is about to; nobody here has stored it
        self.server.kill()
        self.provider.set(hang_after=False)
        self.server.restart()
        answers = [self.use() for _ in range(10)]
        self.assertEqual({a.status for a in answers}, {424}, answers[0].body)
        self.assertEqual(self.state(), "error")
        # One try with the old refresh token, then none: a person must look at it.
        self.assertEqual(self.provider.stats()["refreshes"], before + 2)
        self.provider.set(expires_in=3600)
        self.connect()
        self.assertEqual((self.use().status, self.state()), (200, "active"))

    def quietly(self):
        try:
            self.use()
        except (OSError, http.client.HTTPException):
            pass

    def test_a_provider_that_is_down_is_asked_once_a_second(self):
        self.provider.set(expires_in=1)
        self.connect()
        time.sleep(1.2)
        self.provider.set(fail=1000)
        answers = [self.use() for _ in range(5)]
        self.assertEqual({a.status for a in answers} - {503}, set(), answers[0].body)
        self.assertEqual(self.state(), "active")
        self.provider.set(fail=0)
        wait_until(lambda: self.use().status == 200, "it works again")

    def test_what_is_revoked_is_gone(self):
        self.connect()
        self.assertEqual(self.api("POST", "gh/revoke", {}).status, 204)
        self.assertEqual(self.state(), "revoked")
        self.assertEqual(self.use().status, 424)
        self.assertEqual(self.api("POST", "gh/revoke", {}).status, 404)

    def test_tokens_are_in_no_log_and_no_answer(self):
        self.connect()
        self.use()
        token = subprocess.run(["strings", str(self.server.data / "junctor.db-wal")],
                               capture_output=True, text=True).stdout
        self.assertNotIn("refresh_token", token)
        self.assertIsNone(re.search(r"eyJ[\w-]{20,}\.", self.server.log()))
        self.assertNotIn("client-secret-1", self.server.log())


class Attacks:
    """RFC 9700: each is refused, and nothing is stored."""

    def refused(self, url_or_query):
        query = urllib.parse.urlsplit(url_or_query).query if "://" in url_or_query else url_or_query
        answer = request(self.server.port, "GET", f"/v1/oauth/callback?{query}")
        self.assertEqual(answer.status, 400, answer.body)
        self.assertNotEqual(self.state(), "active")
        self.assertEqual(self.api("GET", "gh/secrets").json()["data"][0]["field"], "client_secret")
        self.assertEqual(len(self.api("GET", "gh/secrets").json()["data"]), 1)
        return answer

    def changed(self, url, **params):
        parts = urllib.parse.urlsplit(url)
        query = dict(urllib.parse.parse_qsl(parts.query))
        query.update(params)
        return urllib.parse.urlencode({k: v for k, v in query.items() if v is not None})

    def test_a_missing_wrong_or_empty_state(self):
        back = self.consent(self.begin())
        for state in (None, "", "x" * 43, "a"):
            self.refused(self.changed(back, state=state))

    def test_a_state_that_was_used(self):
        back = self.consent(self.begin())
        self.refused(self.changed(back, error="access_denied"))
        self.refused(back)

    def test_a_state_of_an_older_login(self):
        older = self.consent(self.begin())
        self.begin()
        self.refused(older)

    def test_a_code_injected_into_another_login(self):
        stolen = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.consent(self.begin("other"))).query))
        mine = self.consent(self.begin())
        self.refused(self.changed(mine, code=stolen["code"]))  # its verifier is another one

    def test_a_code_that_nobody_gave(self):
        self.refused(self.changed(self.consent(self.begin()), code="made-up"))

    def test_no_code_at_all(self):
        self.refused(self.changed(self.consent(self.begin()), code=None))

    def test_another_issuer(self):
        self.refused(self.changed(self.consent(self.begin()), iss="https://evil.example"))

    def test_doubled_parameters(self):
        back = urllib.parse.urlsplit(self.consent(self.begin())).query
        self.refused(back + "&state=x")

    def test_a_token_in_the_callback(self):
        answer = self.refused("access_token=abc&token_type=bearer&state=x")
        self.assertNotIn(b"abc", answer.body)

    def test_an_answer_that_carries_script(self):
        answer = self.refused("error=%3Cscript%3Ealert(1)%3C/script%3E&state=%3Cscript%3E")
        self.assertNotIn(b"<script", answer.body)
        self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
        self.assertTrue(answer.headers["content-type"].startswith("text/plain"))

    def test_a_redirect_cannot_be_chosen(self):
        url = self.begin()
        self.assertEqual(self.api("POST", "gh/authorize", {"redirect_uri": "https://evil.example"}).status, 400)
        self.assertIn(urllib.parse.quote(self.callback, safe=""), url)

    def test_another_method(self):
        self.assertEqual(request(self.server.port, "POST", "/v1/oauth/callback?state=x").status, 405)

    def test_another_tenants_integration(self):
        token = self.server.cli("token", "create", "--role", "owner", "--tenant", "globex").stdout.strip()
        answer = request(self.server.admin_port, "POST", "/v1/tenants/acme/integrations/gh/authorize",
                         "{}", {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        self.assertEqual(answer.status, 404)

    def test_a_state_whose_end_is_another_logins(self):
        mine, other = self.begin(), self.begin("other")
        state = [dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(u).query))["state"] for u in (mine, other)]
        back = self.consent(mine)
        for mixed in ("gh." + state[1].split(".")[1], "other." + state[0].split(".")[1],
                      "nobody." + state[0].split(".")[1], ".", "gh."):
            self.refused(self.changed(back, state=mixed))


class MockServer(AnyServer, Attacks, House):
    kind, kills = "mock", 50


class OidcProvider(AnyServer, House):
    kind, kills = "oidc", 5

    # oidc-provider always rotates.
    test_the_old_refresh_token_stays_where_none_is_given = None


if __name__ == "__main__":
    unittest.main()
