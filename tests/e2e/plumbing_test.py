"""Brokers, stores and mail: each connector against the real server from Debian's packages."""
import email
import email.policy
import glob
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from junctor_harness import Junctor, free_port, request, wait_until


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """A program that listens on a port, in a folder of its own."""

    def __init__(self, *command, port, log=False):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE if log else subprocess.DEVNULL,
                                        stderr=subprocess.STDOUT if log else subprocess.DEVNULL, text=True)
        wait_until(lambda: listens(port) or self.process.poll() is not None, f"{command[0]} listens")

    def end(self):
        self.process.terminate()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


class Plumbing(unittest.TestCase):
    connector, unsigned_settings = "", {}

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="jn-plumb-", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.port = free_port()

    def serve(self, settings, **more):
        self.server = Junctor()
        self.addCleanup(lambda: self.server.__exit__(None, None, None))
        self.server.write_tenant("acme", [{"id": "p", "connector": self.connector, "unsigned": True,
                                           "allow_private": True, "settings": settings, **more}])
        self.server.start()
        self.server.apply()

    def run_server(self, *command, log=False):
        server = Server(*command, port=self.port, log=log)
        self.addCleanup(server.end)
        return server

    def secret(self, value, field="password"):
        subprocess.run([self.server.binary, "secret", "put", "p", field, "--tenant", "acme"],
                       input=value, text=True, check=True, capture_output=True,
                       env={**self.server.env, "JUNCTOR_DATA_DIR": str(self.server.data)})

    def act(self, action, params, key=None, dry_run=False):
        headers = {"Authorization": f"Bearer {self.server.local_token()}",
                   "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        return request(self.server.admin_port, "POST",
                       f"/v1/tenants/acme/integrations/p/actions/{action}",
                       json.dumps({"params": params, "dry_run": dry_run}), headers)

    def done(self, action, params, key=None):
        answer = self.act(action, params, key)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()


class Redis(Plumbing):
    connector = "redis-streams"

    def redis(self, *more):
        return self.run_server("redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                               "--dir", self.folder, *more)

    def test_entries_are_added_read_counted_and_removed(self):
        self.redis()
        self.serve({"url": f"redis://127.0.0.1:{self.port}"})
        self.server.cli("integration", "test", "p")
        entry = {"sku": "Ž-1", "id": 9007199254740993, "text": "a\r\nb"}
        made = self.done("add", {"stream": "orders", "entry": entry})
        self.assertRegex(made["external_id"], r"^\d+-\d+$")
        self.assertEqual(self.done("length", {"stream": "orders"})["data"], 1)
        read = self.done("read", {"stream": "orders"})["data"]
        self.assertEqual(read[0][0], "orders")
        self.assertEqual(json.loads(read[0][1][0][1][1]), entry)
        self.assertEqual(self.done("remove", {"stream": "orders", "id": made["external_id"]})["data"], 1)
        self.assertIsNone(self.done("read", {"stream": "orders"})["data"])

    def test_a_password_is_asked_for_and_a_wrong_type_is_the_callers_mistake(self):
        self.redis("--requirepass", "s3cret")
        self.serve({"url": f"redis://127.0.0.1:{self.port}", "user": "default"})
        self.assertEqual(self.act("length", {"stream": "orders"}).json()["class"], "auth")
        self.secret("wrong")
        self.assertEqual(self.act("length", {"stream": "orders"}).json()["class"], "auth")
        self.secret("s3cret")
        self.assertEqual(self.done("length", {"stream": "orders"})["data"], 0)
        subprocess.run(["redis-cli", "-p", str(self.port), "-a", "s3cret", "set", "text", "x"],
                       check=True, capture_output=True)
        refused = self.act("length", {"stream": "text"}).json()
        self.assertEqual((refused["class"], refused["provider_code"]), ("invalid", "WRONGTYPE"))
        self.assertNotIn("s3cret", self.server.log())

    def test_a_server_that_is_not_there_is_to_be_tried_again(self):
        self.serve({"url": f"redis://127.0.0.1:{self.port}"})
        self.assertIn(self.act("length", {"stream": "orders"}).json()["class"], ("retry", "unknown"))

    def test_private_networks_need_the_operators_word(self):
        self.redis()
        self.serve({"url": f"redis://127.0.0.1:{self.port}"})
        self.server.write_tenant("acme", [{"id": "p", "connector": self.connector, "unsigned": True,
                                           "settings": {"url": f"redis://127.0.0.1:{self.port}"}}])
        refused = self.server.cli("apply", "-f", str(self.server.tenants), check=False)
        self.assertEqual(refused.returncode, 78)
        self.assertIn("must be a name, not an address", refused.stderr)


class Nats(Plumbing):
    connector = "nats"

    def nats(self, *more):
        return self.run_server("nats-server", "-a", "127.0.0.1", "-p", str(self.port), "-sd", self.folder, *more)

    def client(self):
        """A listener that speaks NATS by hand."""
        line = socket.create_connection(("127.0.0.1", self.port))
        stream = line.makefile("rwb")
        self.addCleanup(line.close)
        self.addCleanup(stream.close)
        self.assertTrue(stream.readline().startswith(b"INFO"))
        stream.write(b'CONNECT {"verbose":false,"headers":true,"user":"agent","pass":"s3cret"}\r\n')
        return stream

    def subscribed(self, stream, subject):
        stream.write(b"SUB " + subject + b" 1\r\nPING\r\n")
        stream.flush()
        while stream.readline() != b"PONG\r\n":
            pass

    def test_a_message_is_published_with_its_headers(self):
        self.nats()
        self.serve({"url": f"nats://127.0.0.1:{self.port}"})
        listener = self.client()
        self.subscribed(listener, b"orders.>")
        self.done("publish", {"subject": "orders.new", "message": {"sku": "Ž"}, "headers": {"X-Team": "ops"}})
        head = listener.readline()
        self.assertTrue(head.startswith(b"HMSG orders.new 1 "), head)
        size = int(head.split()[-1])
        message = listener.read(size)
        self.assertIn(b"X-Team: ops\r\n", message)
        self.assertEqual(json.loads(message.split(b"\r\n\r\n", 1)[1]), {"sku": "Ž"})
        refused = self.act("publish", {"subject": "orders.*", "message": 1})
        self.assertEqual(refused.json()["class"], "invalid")

    def test_an_answer_is_waited_for_and_nobody_listening_is_told(self):
        self.nats()
        self.serve({"url": f"nats://127.0.0.1:{self.port}"})
        self.assertEqual(self.act("request", {"subject": "price", "message": 1}).json()["provider_code"],
                         "no_responders")
        listener = self.client()
        self.subscribed(listener, b"price")

        def reply():
            head = listener.readline().split()
            listener.read(int(head[-1]) + 2)
            body = b'{"price": 12}'
            listener.write(b"PUB " + head[3] + b" %d\r\n" % len(body) + body + b"\r\n")
            listener.flush()
        answering = threading.Thread(target=reply)
        answering.start()
        self.assertEqual(self.done("request", {"subject": "price", "message": 1})["data"], {"price": 12})
        answering.join()

    def test_jetstream_stores_once_what_has_one_key(self):
        self.nats("-js")
        self.serve({"url": f"nats://127.0.0.1:{self.port}"})
        stream = self.client()
        config = json.dumps({"name": "ORDERS", "subjects": ["orders.>"], "storage": "memory"}).encode()
        stream.write(b"SUB box 1\r\nPUB $JS.API.STREAM.CREATE.ORDERS box %d\r\n" % len(config) + config + b"\r\n")
        stream.flush()
        made = stream.read(int(stream.readline().split()[-1]) + 2)
        self.assertNotIn(b'"error"', made)
        first = self.done("publish_durable", {"subject": "orders.new", "message": {"n": 1}}, "key-1")
        self.assertEqual((first["data"]["stream"], first["external_id"]), ("ORDERS", "1"))
        # Another server with the same key: the journal is not there, JetStream knows it.
        self.server.stop()
        for file in glob.glob(str(self.server.data / "junctor.db*")):
            os.unlink(file)
        self.server.restart()
        self.server.apply()
        again = self.done("publish_durable", {"subject": "orders.new", "message": {"n": 1}}, "key-1")
        self.assertEqual((again["external_id"], again["data"]["duplicate"]), ("1", True))

    def test_user_and_password_are_the_hosts(self):
        self.nats("--user", "agent", "--pass", "s3cret")
        self.serve({"url": f"nats://127.0.0.1:{self.port}", "user": "agent"})
        self.assertEqual(self.act("publish", {"subject": "a", "message": 1}).json()["class"], "auth")
        self.secret("s3cret")
        self.done("publish", {"subject": "a", "message": 1})


class Postgres(Plumbing):
    connector = "postgres"
    STATEMENTS = {
        "make": "CREATE TABLE orders (id bigint primary key, sku text, note text)",
        "add": "INSERT INTO orders VALUES ($1, $2, $3) RETURNING id",
        "all": "SELECT id, sku, note FROM orders ORDER BY id",
        "slow": "SELECT pg_sleep(60)"}

    def postgres(self):
        tools = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        as_server = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if as_server:
            shutil.chown(self.folder, "postgres", "postgres")
        data = os.path.join(self.folder, "data")
        password = os.path.join(self.folder, "password")
        subprocess.run([*as_server, "sh", "-c", f"echo s3cret > {password}"], check=True, cwd="/")
        subprocess.run([*as_server, f"{tools}/initdb", "-D", data, "-U", "agent", "-A", "scram-sha-256",
                        "--pwfile", password, "--no-sync", "--locale=C.UTF-8"],
                       check=True, cwd="/", capture_output=True)
        server = subprocess.Popen([*as_server, f"{tools}/postgres", "-D", data, "-k", self.folder,
                                   "-h", "127.0.0.1", "-p", str(self.port), "-c", "fsync=off"], cwd="/",
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def end():
            with open(os.path.join(data, "postmaster.pid")) as file:
                os.kill(int(file.readline()), signal.SIGINT)
            server.wait()
        self.addCleanup(end)
        wait_until(lambda: subprocess.run([f"{tools}/pg_isready", "-q", "-h", "127.0.0.1", "-p",
                                           str(self.port)]).returncode == 0, "PostgreSQL is ready")

    def settings(self, **more):
        return {"url": f"postgres://127.0.0.1:{self.port}", "database": "postgres", "user": "agent",
                "statements": self.STATEMENTS, **more}

    def test_statements_of_the_settings_run_with_the_callers_parameters(self):
        self.postgres()
        self.serve(self.settings())
        self.assertEqual(self.act("run", {"statement": "all"}).json()["class"], "auth")
        self.secret("s3cret")
        self.server.cli("integration", "test", "p")
        self.done("run", {"statement": "make"})
        evil = "x'); DROP TABLE orders; --"
        made = self.done("run", {"statement": "add", "params": [9007199254740993, evil, None]})
        self.assertEqual(made["data"], [{"id": "9007199254740993"}])
        self.assertEqual(self.done("run", {"statement": "all"})["data"],
                         [{"id": "9007199254740993", "sku": evil, "note": None}])
        twice = self.act("run", {"statement": "add", "params": [9007199254740993, "y", None]})
        self.assertEqual((twice.json()["class"], twice.json()["provider_code"]), ("conflict", "23505"))
        wrong = self.act("run", {"statement": "add", "params": ["no number", "y", None]})
        self.assertEqual(wrong.json()["class"], "invalid")
        self.assertEqual(self.act("run", {"statement": "DROP TABLE orders"}).json()["class"], "invalid")
        shown = self.act("run", {"statement": "all"}, dry_run=True)
        self.assertIn("SELECT id", shown.body.decode())
        self.assertNotIn("s3cret", shown.body.decode() + self.server.log())

    def test_a_database_that_is_not_there_is_no_matter_of_waiting(self):
        self.postgres()
        self.serve(self.settings(database="nowhere"))
        self.secret("s3cret")
        self.assertEqual(self.act("run", {"statement": "all"}).json()["class"], "auth")


class Smtp(Plumbing):
    connector = "smtp"

    def mails(self):
        """aiosmtpd writes what it takes into a Maildir."""
        self.run_server("/usr/bin/python3", "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{self.port}",
                        "-c", "aiosmtpd.handlers.Mailbox", os.path.join(self.folder, "mail"))
        self.serve({"url": f"smtp://127.0.0.1:{self.port}", "from": "Agent Žofie <agent@example.com>"})

    def taken(self):
        found = glob.glob(os.path.join(self.folder, "mail", "new", "*"))
        return [email.message_from_bytes(pathlib.Path(file).read_bytes(), policy=email.policy.default)
                for file in sorted(found)]

    def test_a_mail_arrives_as_it_was_meant(self):
        self.mails()
        text = "Hello,\n.\n..\nit works again ✓\n" + "long " * 300
        self.done("send_mail", {"to": ["Ann <ann@example.com>", "bob@example.com"], "cc": ["c@example.com"],
                                "subject": "Drucker: geht wieder ✓ " + "ž" * 80, "text": text,
                                "html": "<p>it works ✓</p>", "in_reply_to": "<1@example.com>"})
        wait_until(self.taken, "the mail is there")
        mail, = self.taken()
        self.assertEqual(mail["Subject"], "Drucker: geht wieder ✓ " + "ž" * 80)
        self.assertEqual(mail["From"], "Agent Žofie <agent@example.com>")
        self.assertEqual(mail["To"], "Ann <ann@example.com>, bob@example.com")
        self.assertEqual(mail["X-MailFrom"], "agent@example.com")
        self.assertEqual(mail["X-RcptTo"], "ann@example.com, bob@example.com, c@example.com")
        self.assertEqual(mail["In-Reply-To"], "<1@example.com>")
        self.assertLess(abs(mail["Date"].datetime.timestamp() - time.time()), 3600)
        self.assertEqual(mail.get_body(("plain",)).get_content().replace("\r\n", "\n").rstrip("\n"),
                         text.rstrip("\n"))
        self.assertEqual(mail.get_body(("html",)).get_content().strip(), "<p>it works ✓</p>")

    def test_a_key_gives_the_message_id_and_headers_stay_one_line(self):
        self.mails()
        params = {"to": ["ann@example.com"], "subject": "x", "text": "y"}
        for change in ({"subject": "x\r\nBcc: evil@example.com"}, {"to": ["a@b>\r\nRCPT TO:<evil@example.com"]},
                       {"from": "a@example.com\nX: y"}, {"to": []}, {"to": ["nobody"]}):
            refused = self.act("send_mail", {**params, **change})
            self.assertIn(refused.json().get("class"), ("invalid", "retry", "fault"), change)
            self.assertNotEqual(refused.status, 200)
        self.assertEqual(self.taken(), [])
        self.done("send_mail", params, "key-1")
        self.done("send_mail", params, "key-1")
        wait_until(self.taken, "the mail is there")
        self.assertEqual(len(self.taken()), 1)

    def test_a_password_never_goes_where_there_is_no_tls(self):
        self.mails()
        self.secret("s3cret")
        self.server.write_tenant("acme", [{
            "id": "p", "connector": "smtp", "unsigned": True, "allow_private": True,
            "settings": {"url": f"smtp://127.0.0.1:{self.port}", "from": "a@example.com", "user": "agent"}}])
        self.server.apply()
        refused = self.act("send_mail", {"to": ["ann@example.com"], "subject": "x", "text": "y"})
        self.assertEqual(refused.json()["class"], "unknown")
        self.assertIn("TLS", refused.body.decode())
        self.assertEqual(self.taken(), [])


del Plumbing

if __name__ == "__main__":
    unittest.main()
