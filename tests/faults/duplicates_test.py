"""The same webhook again: concurrently, later, and after a restart. One event, one answer."""
import unittest

from junctor_harness import (KeepAlive, Junctor, ROUTE_ALL, Sink, github, http_destination,
                             in_parallel)

IDS, COPIES, THREADS = 1000, 3, 12
SECRET = "It's a Secret to Everybody"


class Duplicates(unittest.TestCase):
    def test_1000_ids_sent_three_times_at_once_make_1000_events(self):
        with Sink() as sink, Junctor(env={"E2E_SECRET": SECRET}) as server:
            server.write_tenant(
                "acme",
                [{"id": "gh", "connector": "github", "webhook_secrets": ["env:E2E_SECRET"]}],
                [http_destination("sink", sink.port)], {"all": ROUTE_ALL})
            server.start()
            server.apply()

            def send(thread):
                """Every thread sends a third of the ids, all threads together each id thrice."""
                connection, answers = KeepAlive(server.port), []
                for number in range(thread // COPIES, IDS, THREADS // COPIES):
                    body, headers = github(SECRET, "push", {"ref": "refs/heads/main", "n": number},
                                           delivery=f"delivery-{number:04}")
                    answer = connection.request(
                        "POST", "/v1/webhooks/incoming/gh", body, headers)
                    answers.append((number, answer.status, answer.json()))
                return answers

            answers = [answer for part in in_parallel(THREADS, send) for answer in part]
            self.assertEqual(len(answers), IDS * COPIES)
            self.assertEqual({status for _, status, _ in answers}, {202})
            events = {}
            for number, _, said in answers:
                events.setdefault(number, set()).add(said["event_id"])
            self.assertEqual(len(events), IDS)
            self.assertTrue(all(len(ids) == 1 for ids in events.values()))
            firsts = [said for _, _, said in answers if said["status"] == "accepted"]
            self.assertEqual(len(firsts), IDS)

            delivered = sink.wait_for(IDS)
            self.assertEqual({r.json()["id"] for r in delivered},
                             {next(iter(ids)) for ids in events.values()})

            server.stop()
            server.restart()
            body, headers = github(SECRET, "push", {"ref": "refs/heads/main", "n": 7},
                                   delivery="delivery-0007")
            again = server.post("gh", body, headers)
            self.assertEqual((again.status, again.json()["status"]), (202, "duplicate"))
            self.assertEqual({again.json()["event_id"]}, events[7])
            self.assertEqual(sink.count(), IDS)


if __name__ == "__main__":
    unittest.main(verbosity=2)
