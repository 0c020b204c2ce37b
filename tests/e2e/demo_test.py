"""`./dev run` and the README's walk: what a stranger is told to type works as it is printed."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

from junctor_harness import BINARY, SOURCE, wait_until

STAGE = pathlib.Path(BINARY).parent.parent


class Demo(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="junctor demo ")
        self.addCleanup(self.folder.cleanup)
        self.env = {**os.environ, "JUNCTOR_DATA_DIR": self.folder.name}
        self.command = [sys.executable, str(SOURCE / "scripts/dev_run.py"), "--stage", str(STAGE)]

    def test_every_sample_of_the_demos_connectors_goes_all_the_way(self):
        done = subprocess.run(self.command + ["--once"], env=self.env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)
        for connector in ("github", "stripe", "slack", "standard-webhooks", "generic"):
            self.assertRegex(done.stdout, rf"(?m)^{connector} ")

    def test_the_walk_in_the_readme_works(self):
        demo = subprocess.Popen(self.command, env=self.env, text=True, stdout=subprocess.PIPE)
        said = []
        reader = threading.Thread(target=lambda: said.extend(demo.stdout), daemon=True)
        reader.start()
        try:
            wait_until(lambda: any("Ctrl-C" in line for line in said) or demo.poll() is not None,
                       "the demo is up")
            self.assertIsNone(demo.poll(), "".join(said))
            port = re.search(r"127\.0\.0\.1:(\d+)/v1/webhooks", "".join(said)).group(1)
            self.walk(port)
        finally:
            demo.send_signal(signal.SIGINT)
            self.assertEqual(demo.wait(timeout=60), 0)
            reader.join()
            demo.stdout.close()

    def walk(self, port):
        text = (SOURCE / "README.md").read_text()
        section = text[text.index("## One event by hand"):text.index("## What it promises")]
        enter, post, look = re.findall(r"```sh\n(.*?)```", section, re.S)
        enter = enter.replace("$PWD/build/stage", str(STAGE)).replace("$PWD/.junctor",
                                                                      self.folder.name)
        post = post.replace(":8080/", f":{port}/")
        answer = self.shell(enter + post)
        event = re.fullmatch(r'\{"status":"accepted","event_id":"(evt_[^"]+)"\}\s*', answer)
        self.assertTrue(event, answer)
        seen = self.shell(enter + look.replace("evt_…", event.group(1)))
        self.assertIn(event.group(1), seen)
        forged = post.replace("curl", 'body="$body "; curl -o /dev/null -w "%{http_code}"')
        self.assertEqual(self.shell(enter + forged), "401")

    def shell(self, script):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], env=self.env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout


if __name__ == "__main__":
    unittest.main(verbosity=2)
