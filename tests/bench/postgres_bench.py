#!/usr/bin/env python3
"""Starts a PostgreSQL, runs postgres_bench over it at several loads, throws it away."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support/py"))
from postgres_server import PostgresServer  # noqa: E402

with PostgresServer(settings="shared_buffers = 512MB\nmax_wal_size = 8GB\n") as server:
    server.start().prepare()
    for under_way in ("64", "256", "1024"):
        subprocess.run([ROOT / "build/dev/bench/postgres_bench", "-n", under_way, *sys.argv[1:],
                        server.location()], check=True)
