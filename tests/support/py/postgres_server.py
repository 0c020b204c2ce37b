"""A throw-away PostgreSQL on a Unix socket: a real server from the distribution's packages, in a
folder of its own, owned by another user when we are root (PostgreSQL refuses to run as root).

    postgres_server.py start FILE   starts one and writes its location to FILE
    postgres_server.py stop FILE    stops it and removes what it left
"""
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

CONF = """
listen_addresses = ''
max_connections = 200
shared_buffers = 128MB
max_wal_size = 2GB
wal_level = replica
max_wal_senders = 8
logging_collector = off
log_min_messages = warning
"""


def tool(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    path = found[-1] if found else shutil.which(name)
    if not path:
        raise SystemExit(f"{name} is missing: install the package postgresql")
    return path


def as_server(*command):
    """PostgreSQL's own user when we are root."""
    return ("runuser", "-u", "postgres", "--", *command) if os.geteuid() == 0 else command


class PostgresServer:
    """initdb, then start(); kill() is SIGKILL; close() removes everything."""

    def __init__(self, port=5432, settings="", folder=None, source=None):
        self.folder = folder or tempfile.mkdtemp(prefix="jn-pg-", dir="/tmp")
        self.port = port
        self.data = os.path.join(self.folder, "data")
        self.log = os.path.join(self.folder, "log")
        self.process = None
        if folder:
            return
        os.chmod(self.folder, 0o755)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        if source:  # a streaming replica of it
            self.run(tool("pg_basebackup"), "-h", source.folder, "-p", str(source.port), "-U",
                     "admin", "-D", self.data, "-R", "-X", "stream", "-c", "fast", "--no-sync")
        else:
            self.run(tool("initdb"), "-D", self.data, "-U", "admin", "-A", "trust", "-E", "UTF8",
                     "--no-sync", "--locale=C.UTF-8")
        self.run("sh", "-c", 'cat >> "$0"', os.path.join(self.data, "postgresql.conf"),
                 input=CONF + settings + f"\nport = {port}\n"
                 f"unix_socket_directories = '{self.folder}'\n")

    def run(self, *command, input=None):
        done = subprocess.run(as_server(*command), input=input, text=True, cwd="/",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {done.stdout}")
        return done.stdout

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(as_server(tool("postgres"), "-D", self.data), cwd="/",
                                            stdout=log, stderr=log, start_new_session=True)
        while subprocess.run([tool("pg_isready"), "-q", "-h", self.folder, "-p",
                              str(self.port)]).returncode != 0:
            if self.process.poll() is not None:
                raise RuntimeError(open(self.log).read()[-4000:])
            time.sleep(0.05)
        return self

    def prepare(self):
        """The role and database that Junctor gets: nobody special."""
        self.psql("CREATE ROLE junctor LOGIN", database="postgres")
        self.psql("CREATE DATABASE junctor OWNER junctor", database="postgres")
        return self

    def psql(self, sql, database="junctor", user="admin"):
        """Rows as lists of strings."""
        done = subprocess.run([tool("psql"), "-X", "-q", "-A", "-t", "-F", "\t", "-v",
                               "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port), "-U",
                               user, "-d", database, "-c", sql], text=True, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def location(self, user="junctor", database="junctor", options=""):
        return f"postgres://{user}@/{database}?host={self.folder}&port={self.port}{options}"

    def pid(self):
        with open(os.path.join(self.data, "postmaster.pid")) as file:
            return int(file.readline())

    def kill(self):
        """The postmaster and, since they notice, its children."""
        os.kill(self.pid(), signal.SIGKILL)
        if self.process:
            self.process.wait()
        while self.alive():
            time.sleep(0.02)

    def alive(self):
        """Any process of this server: they all stand in its folder."""
        for entry in glob.glob("/proc/[0-9]*/cwd"):
            try:
                if os.readlink(entry) == self.data:
                    return True
            except OSError:
                pass
        return False

    def stop(self):
        subprocess.run(as_server(tool("pg_ctl"), "-D", self.data, "-m", "immediate", "-w", "stop"),
                       cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if self.process:
            self.process.wait()

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def main():
    verb, place = sys.argv[1], sys.argv[2]
    if os.path.exists(place):  # of this run, or left by one that was interrupted
        with open(place) as file:
            folder = file.read().split("host=")[1].split("&")[0]
        PostgresServer(folder=folder).close()
        os.unlink(place)
    if verb == "start":
        # Here it is the clients that are killed, never the server.
        server = PostgresServer(settings="fsync = off\n").start().prepare()
        with open(place, "w") as file:
            file.write(server.location())


if __name__ == "__main__":
    main()
