"""A connector that checks signatures itself and answers its senders itself, in the server and in a
process of its own: what it refuses leaves nothing behind, what it says reaches the sender."""
import json
import os
import pathlib
import unittest

from junctor_harness import ROUTE_ALL, Junctor, Sink, _hmac, as_body, http_destination, \
    in_parallel

CONNECTORS = pathlib.Path(os.environ["JUNCTOR_E2E_CONNECTORS"])
OLD, NEW, PASS = "the old secret of this tenant", "the new secret of this tenant", "let me in"


def marked(secret, body, **more):
    body = as_body(body)
    return body, {"X-Mark": _hmac(secret, body[::-1]).hexdigest(), **more}


class CustomSignature(unittest.TestCase):
    def serve(self, server, sink, mode):
        server.env.update({"JUNCTOR_CONNECTORS_DIRS": str(CONNECTORS),
                           "JUNCTOR_CONNECTORS_RUN": mode, "MARK_OLD": OLD, "MARK_NEW": NEW})
        server.write_tenant("acme", [{"id": "mark", "connector": "hallmark",
                                      "webhook_secrets": ["env:MARK_NEW", "env:MARK_OLD"]}],
                            [http_destination("sink", sink.port)], {"all": ROUTE_ALL})
        server.start()
        server.apply()
        (server.folder / "pass").write_text(PASS)
        server.cli("secret", "put", "mark", "pass", "--file", str(server.folder / "pass"))

    def in_both(self, check):
        for mode in ("in-process", "isolated"):
            with self.subTest(mode), Junctor() as server, Sink() as sink:
                self.serve(server, sink, mode)
                check(server, sink)

    def test_every_live_secret_counts_and_nothing_else(self):
        def check(server, sink):
            for count, secret in enumerate((OLD, NEW), 1):
                answer = server.post("mark", *marked(secret, {"type": "note", "id": str(count)}))
                self.assertEqual(answer.status, 202, answer.body)
                sink.wait_for(count)
            before = server.metric("junctor_events_total")
            body, headers = marked(OLD, {"type": "note", "id": "3"})
            for bad in ({"X-Mark": "00" * 32}, {}, {"X-Mark": "zz"},
                        {"X-Mark": headers["X-Mark"][:-2]}):
                self.assertEqual(server.post("mark", body, bad).status, 401)
            self.assertEqual(server.post("mark", body + b" ", headers).status, 401)
            # Nothing stored: the same request is no duplicate once it is signed.
            answer = server.post("mark", body, headers)
            self.assertEqual((answer.status, answer.json()["status"]), (202, "accepted"))
            sink.wait_for(3)
            self.assertEqual(server.metric("junctor_events_total"), before + 1)
            self.assertIn("no live secret made this mark", server.log())
            for secret in (OLD, NEW, PASS):
                self.assertNotIn(secret, server.log())
        self.in_both(check)

    def test_a_secret_that_the_manifest_names_is_there_to_compare(self):
        def check(server, sink):
            body = as_body({"type": "note", "id": "1"})
            self.assertEqual(server.post("mark", body, {"X-Pass": PASS + "!"}).status, 401)
            self.assertEqual(server.post("mark", body, {"X-Pass": PASS}).status, 202)
            sink.wait_for(1)
        self.in_both(check)

    def test_the_body_is_checked_as_it_came(self):
        def check(server, sink):
            body = b'{ "type":"note",\n  "id" : "\\u0041", "n": 1.0 }'
            self.assertEqual(server.post("mark", *marked(NEW, body)).status, 202)
            self.assertIn(b'"n": 1.0', sink.wait_for(1)[0].body)
        self.in_both(check)

    def test_what_the_connector_replies_is_the_answer(self):
        def check(server, sink):
            challenge = server.post("mark", *marked(NEW, {"type": "challenge", "challenge": "c-1"}))
            self.assertEqual((challenge.status, challenge.body), (200, b"c-1"))
            self.assertTrue(challenge.headers["content-type"].startswith("text/plain"))
            refused = server.post("mark", *marked(NEW, {"type": "refuse"}))
            self.assertEqual((refused.status, refused.body), (403, b"not you"))
            self.assertEqual(server.metric("junctor_events_total"), 0)
            order = server.post("mark", *marked(NEW, {"type": "order", "id": "7"}))
            self.assertEqual((order.status, order.body), (200, b"<taken/>"))
            self.assertEqual(order.headers["content-type"], "application/xml")
            event = json.loads(sink.wait_for(1)[0].body)
            self.assertEqual(event["type"], "hallmark.order")
            again = server.post("mark", *marked(NEW, {"type": "order", "id": "7"}))
            self.assertEqual((again.status, again.body), (200, b"<taken/>"))
            self.assertEqual(again.headers["junctor-event-id"], order.headers["junctor-event-id"])
            wrong = server.post("mark", *marked("other", {"type": "challenge", "challenge": "c"}))
            self.assertEqual(wrong.status, 401)
        self.in_both(check)

    def test_many_at_once_are_answered_each_for_itself(self):
        def check(server, sink):
            def send(index):
                good = index % 3 != 0
                return server.post("mark", *marked(
                    NEW if good else "other",
                    {"type": "challenge", "challenge": f"c-{index}"})), good
            for index, (answer, good) in enumerate(in_parallel(24, send)):
                expected = (200, f"c-{index}".encode()) if good else (401, answer.body)
                self.assertEqual((answer.status, answer.body), expected)
        self.in_both(check)

    def test_a_check_that_crashes_stores_nothing_and_asks_the_sender_to_come_again(self):
        with Junctor() as server, Sink() as sink:
            self.serve(server, sink, "isolated")
            crash = marked(NEW, {"type": "note", "id": "1"}, **{"X-Do": "crash"})
            answer = server.post("mark", *crash)
            self.assertEqual(answer.status, 503)
            self.assertIn("retry-after", answer.headers)
            def patiently():
                while True:
                    sent = server.post("mark", *marked(NEW, {"type": "note", "id": "1"}))
                    if sent.status != 503:
                        return sent
            self.assertEqual(patiently().json()["status"], "accepted")
            sink.wait_for(1)


if __name__ == "__main__":
    unittest.main()
