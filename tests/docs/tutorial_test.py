"""Runs the `sh` blocks of packaging/doc/connector-tutorial.md as a reader would: one shell, in order,
against an installed SDK; checks that it says what the page says.

environment: STAGE, an installed SDK with the programs; WORK, a folder of ours.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAGE, WORK = pathlib.Path(os.environ["STAGE"]), pathlib.Path(os.environ["WORK"])
PAGE = ROOT / "packaging/doc/connector-tutorial.md"


def blocks():
    return re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


class Tutorial(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shutil.rmtree(WORK, ignore_errors=True)
        WORK.mkdir(parents=True)

    def test_every_command_works_and_says_what_the_page_says(self):
        script = "set -eu\n" + "\n".join(
            f"echo '== block {n}'\n{block}" for n, block in enumerate(blocks(), 1))
        environment = {**os.environ, "PATH": f"{STAGE}/bin:{os.environ['PATH']}"}
        done = subprocess.run(["bash", "-c", script], cwd=WORK, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900)
        self.assertEqual(done.returncode, 0, done.stdout)
        said = re.split(r"^== block \d+\n", done.stdout, flags=re.M)[1:]
        self.assertEqual(len(said), len(blocks()))
        for number, text in ((0, "made ./my-shop: connector com.example.my-shop in cpp"),
                             (0, "build/my-shop.so"),
                             (1, "replay order.paid.json: 202 accepted"),
                             (1, 'actor     {"id":"1","name":"Ada"}'),
                             (2, "order.cancelled"),
                             (3, 'metadata  {"reason":"late"}'),
                             (4, "100% tests passed"),
                             (5, " 0 failed")):
            self.assertIn(text, said[number], f"block {number + 1} of the page")

    def test_signatures_of_the_porting_guide_are_good_manifests(self):
        folder = WORK / "signatures"
        junctor = STAGE / "bin" / "junctor"
        subprocess.run([junctor, "connector", "new", "--lang", "c", "acme", "--dir", folder],
                       check=True, capture_output=True)
        page = (ROOT / "packaging/doc/connector-porting.md").read_text()
        schemes = re.findall(r"`(\{\"algorithm\".*\})` \|$", page, re.M)
        self.assertGreaterEqual(len(schemes), 4)
        for scheme in schemes:
            manifest = json.loads((folder / "manifest.json").read_text())
            manifest["webhook"]["signature"] = json.loads(scheme)
            (folder / "manifest.json").write_text(json.dumps(manifest))
            subprocess.run(["./build.sh"], cwd=folder, check=True, capture_output=True)
            done = subprocess.run([junctor, "connector", "check", folder / "build/acme.so",
                                   "--include", "S3", "--include", "W1", "--include", "W2"],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, scheme + "\n" + done.stdout + done.stderr)

    def test_links_of_the_pages_for_authors_lead_somewhere(self):
        for page in [*PAGE.parent.glob("connector*.md"), ROOT / "sdk/README.md"]:
            for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
                self.assertTrue((page.parent / link).exists(), f"{page.name} links to {link}")


if __name__ == "__main__":
    unittest.main()
