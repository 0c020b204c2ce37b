"""Several real nodes over one throw-away database, and a diary that the database itself keeps:
who claimed what under which epoch, and who ended which attempt under which."""
import itertools
import re
import shutil
import threading

from junctor_harness import (Junctor, ROUTE_ALL, http_destination, request, standard_webhooks,
                             wait_until)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

DIARY = """
CREATE TABLE diary (no bigserial, what text, key bigint, epoch bigint, node text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE me text := current_setting('application_name');
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO diary (what, key, epoch, node) VALUES ('done', OLD.key, OLD.epoch, me);
    RETURN OLD;
  END IF;
  IF NEW.epoch <> 0 AND (TG_OP = 'INSERT' OR NEW.epoch <> OLD.epoch) THEN
    INSERT INTO diary (what, key, epoch, node) VALUES ('claim ' || TG_TABLE_NAME, NEW.key, NEW.epoch, me);
  END IF;
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'delivery' THEN
    IF NEW.attempts > OLD.attempts THEN
      INSERT INTO diary (what, key, epoch, node) VALUES ('attempt', OLD.key, OLD.epoch, me);
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON inbox FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER note AFTER INSERT OR UPDATE ON delivery FOR EACH ROW EXECUTE FUNCTION note();
"""


class Cluster:
    """Nodes that all have the tenant `acme` with one integration `in` and one destination."""

    def __init__(self, location, count, sink, retry=None, lease_ms=10_000):
        self.numbers = itertools.count()
        self.acked, self.lock = set(), threading.Lock()
        self.nodes = []
        for i in range(count):
            node = Junctor(env={"E2E_SECRET": SECRET},
                           args=["--store", f"{location}&lease_ms={lease_ms}"
                                            f"&application_name=node{i}"])
            node.write_tenant(
                "acme", [{"id": "in", "connector": "standard-webhooks",
                          "webhook_secrets": ["env:E2E_SECRET"]}],
                [http_destination("sink", sink.port, **({"retry": retry} if retry else {}))],
                {"all": ROUTE_ALL})
            self.nodes.append(node)
        self.sink = sink

    def start(self):
        """All nodes have the first one's key file, as every cluster must."""
        first, *others = self.nodes
        first.start()
        for node in others:
            node.data.mkdir(mode=0o700, exist_ok=True)
            shutil.copy2(first.data / "vault.key", node.data / "vault.key")
            node.start()
        first.apply()
        for node in others:  # told by the first
            wait_until(lambda: self.knows(node), "the node knows the tenant")
        return self

    @staticmethod
    def knows(node):
        return node.post("in", b"{}", {}).status == 401  # unknown integrations are 404

    def close(self):
        for node in self.nodes:
            node.__exit__(None, None, None)

    def post(self, node):
        """The answer's status, 0 where there was none; what is acknowledged is remembered."""
        number = f"n{next(self.numbers)}"
        body, headers = standard_webhooks(SECRET, {"type": "order.paid", "data": {"number": number}})
        try:
            answer = request(node.port, "POST", "/v1/webhooks/incoming/in", body, headers,
                             timeout_s=30)
        except OSError:
            return 0
        if answer.status == 202:
            with self.lock:
                self.acked.add(number)
        return answer.status

    def delivered(self):
        return [re.search(rb"number[^n]*(n[0-9]+)", r.body).group(1).decode() for r in self.sink.all() if r.answered]

    def missing(self):
        return self.acked - set(self.delivered())

    def drain(self, patience_s=90):
        wait_until(lambda: not self.missing(),
                   lambda: f"all is delivered, {len(self.missing())} of {len(self.acked)} lack",
                   patience_s, step_s=0.1)


def keep_diary(server):
    server.psql(DIARY)


def stale_writes(server):
    """Attempts and requests that were ended by a node other than the epoch's own, or by nobody's."""
    return server.psql("""
      SELECT d.* FROM diary d WHERE what IN ('attempt', 'done') AND NOT EXISTS (
        SELECT 1 FROM diary c WHERE c.what LIKE 'claim%' AND c.key = d.key AND c.epoch = d.epoch
        AND c.node = d.node AND c.no < d.no)""")


def claimed_twice(server):
    """Requests that one epoch claimed more than once."""
    return server.psql("SELECT key, epoch, count(*) FROM diary WHERE what = 'claim inbox'"
                       " GROUP BY key, epoch HAVING count(*) > 1")


def epochs_of_two(server):
    return server.psql("SELECT epoch FROM diary GROUP BY epoch HAVING epoch <> 0 AND"
                       " count(DISTINCT node) FILTER (WHERE what LIKE 'claim%') > 1")
