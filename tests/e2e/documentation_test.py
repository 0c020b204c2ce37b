"""Lua in the documentation compiles: every block is given to `junctor rule check`."""
import pathlib
import re
import tempfile
import unittest

from junctor_harness import SOURCE, Junctor

PAGES = ["packaging/doc/rules.md", "packaging/doc/flows.md", "packaging/doc/quickstart.md", "sdk/lua/README.md"]


class Documentation(unittest.TestCase):
    def test_every_lua_block_compiles(self):
        blocks = []
        for page in PAGES:
            text = (SOURCE / page).read_text()
            blocks += [(page, block) for block in re.findall(r"```lua\n(.*?)```", text, re.S)]
            blocks += [(page, block) for block in
                       re.findall(r"cat > \S+\.lua <<'END'\n(.*?)END\n", text, re.S)]
        self.assertGreaterEqual(len(blocks), 4)
        with Junctor() as server, tempfile.TemporaryDirectory() as folder:
            for number, (page, block) in enumerate(blocks):
                with self.subTest(page=page, block=number):
                    kind = "_test" if "jn.tests {" in block else ""
                    file = pathlib.Path(folder) / f"block{number}{kind}.lua"
                    file.write_text(block)
                    done = server.cli("rule", "check", str(file), check=False)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
