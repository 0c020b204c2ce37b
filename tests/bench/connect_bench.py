"""How long a person waits: one command that makes an integration and connects it to the simulator
of its provider, and a thousand acts at once against a simulator that allows 200 a second."""
import json
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/py"))
from junctor_harness import Junctor, free_port, in_parallel, request  # noqa: E402


def simulator(server, port, *arguments):
    process = subprocess.Popen([server.binary, "connector", "sim", "github", "--port", str(port), *arguments],
                               stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    return process


def connect(server, name, *more):
    return subprocess.run([server.binary, "integration", "connect", name, "--connector", "github",
                           "--secret", "api_token", *more], input="a-token", text=True, check=True,
                          capture_output=True, env={**server.env, "JUNCTOR_DATA_DIR": str(server.data)})


def main():
    port = free_port()
    with Junctor(env={"JUNCTOR_CONNECTORS_SIMULATORS": f"github={port}"}) as server:
        server.write_tenant("acme")
        server.start()
        server.apply()
        provider = simulator(server, port, "--rate", "200")
        took = []
        for i in range(10):
            start = time.monotonic()
            connect(server, f"gh{i}")
            took.append(time.monotonic() - start)
        print(f"connect, one command: median {statistics.median(took):.3f} s, most {max(took):.3f} s")
        connect(server, "paced", "rate_limit=200/s")
        headers = {"Authorization": f"Bearer {server.local_token()}", "Content-Type": "application/json"}
        body = json.dumps({"params": {"repository": "acme/app", "number": 7}})
        tries = []

        def insist(_):
            for n in range(1, 1000):
                answer = request(server.admin_port, "POST",
                                 "/v1/tenants/acme/integrations/paced/actions/get_issue", body, headers)
                if answer.status == 200:
                    return tries.append(n)
                time.sleep(float(answer.headers["retry-after"]))
        time.sleep(2)
        request(port, "POST", "/_sim", json.dumps({"next": [429] * 5}))
        start = time.monotonic()
        in_parallel(1000, insist)
        log = request(port, "GET", "/_sim").json()
        print(f"1,000 acts at once at 200/s: {len(tries)} done in {time.monotonic() - start:.1f} s, "
              f"{sum(tries)} tries, beyond the rate: {log['over_rate']}")
        provider.terminate()
        provider.wait()


if __name__ == "__main__":
    main()
