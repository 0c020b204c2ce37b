"""The acme connector in C, C++, Rust and Go, made and built as a stranger would: `junctor connector
new` out of an installed SDK, ./build.sh, then the test program on the library.

environment: STAGE, an installed SDK with the programs; EXAMPLE_TEST, a program; WORK, a folder of ours.
"""
import hmac
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import threading
import unittest

STAGE = pathlib.Path(os.environ["STAGE"])
WORK = pathlib.Path(os.environ["WORK"])
HERE = pathlib.Path(__file__).resolve().parent
ACTING = HERE.parent / "zoo/animals/acting"  # calls, and what the provider answers
ALLOWED = re.compile(r"(libc|libm|libgcc_s|ld-linux-[\w-]+)\.so\.\d+$")
TOOL = {"c": "cmake", "cpp": "cmake", "rust": "cargo", "go": "go"}
# A line of the template, and what goes before it to make the connector throw.
THROW = {
    "cpp": ('    event.id = body["id"].text();',
            '    if (event.type == "throw") throw std::runtime_error("boom");\n'),
    "rust": ('        let order = ',
             '        if kind == "throw" {\n            panic!("boom");\n        }\n'),
    "go": ('\tevent := junctor.Event{',
           '\tif b.Kind == "throw" {\n\t\tpanic("boom")\n\t}\n'),
}


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=600, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def junctor(*arguments, **options):
    return run(STAGE / "bin" / "junctor", *arguments, **options)


def setUpModule():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)


class Examples(unittest.TestCase):
    def project(self, language, name="acme", folder=None):
        if not shutil.which(TOOL[language]):
            self.skipTest(f"no {TOOL[language]} on this machine: the {language} example is not built")
        folder = WORK / (folder or language)
        junctor("connector", "new", "--lang", language, name, "--dir", folder)
        return folder

    def build(self, folder, name="acme"):
        said = run("./build.sh", cwd=folder)
        self.assertIn(f"build/{name}.so", said)
        return folder / "build" / f"{name}.so"

    def conforms(self, library, *tests):
        run(os.environ["EXAMPLE_TEST"], *tests, env={**os.environ, "EXAMPLE": str(library)})

    def exports_one_function(self, library, language):
        symbols = run("nm", "-D", "--defined-only", library).splitlines()
        self.assertEqual({line.split()[-1] for line in symbols}, {"junctor_plugin_v1"})
        dynamic = run("readelf", "-W", "-d", library)
        for needed in re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic):
            self.assertRegex(needed, ALLOWED)
        self.assertIn("BIND_NOW", dynamic)
        for tag in ("TEXTREL", "RPATH", "RUNPATH"):
            self.assertNotIn(f"({tag})", dynamic)
        segments = run("readelf", "-W", "-l", library)
        self.assertRegex(segments, r"GNU_STACK.* RW ")
        self.assertIn("GNU_RELRO", segments)

    def works(self, language):
        library = self.build(self.project(language))
        self.exports_one_function(library, language)
        self.conforms(library)
        checked = junctor("connector", "check", library, "--level", "full")
        self.assertRegex(checked, r"\b0 failed, \d+ skipped, 0 waived")
        for check in ("A1", "A2", "A3", "A4", "A5", "A6", "A7", "A12"):
            self.assertRegex(checked, rf"(?m)^{check} +PASS", "its action was not checked")
        run("strip", "-s", library)  # the manifest survives
        self.conforms(library, "the manifest stands*")

    def test_c(self):
        self.works("c")

    def test_cpp(self):
        self.works("cpp")

    def test_rust(self):
        self.works("rust")

    def test_go(self):
        self.works("go")

    def acts(self, language, source):
        """A connector that uses what the template does not: its own signature, fields, hooks, polls."""
        folder = self.project(language, folder=f"{language}-acts")
        shutil.copy(HERE / "actors" / pathlib.Path(source).with_stem("actor").name, folder / source)
        for recorded in ACTING.glob("*.json"):
            if not recorded.name.startswith("thing."):
                shutil.copy(recorded, folder / "fixtures")
        body = (folder / "fixtures/order.paid.json").read_bytes()
        mark = hmac.new(b"its secret", b"acme." + body, "sha256").hexdigest()
        (folder / "fixtures/signatures.json").write_text(json.dumps(
            {"secret": "its secret", "requests": [
                {"file": "order.paid.json", "headers": {"X-Acme-Signature": mark}}]}))
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["interfaces"] += [f"junctor.{name}/1" for name in ("fields", "hooks", "poll")]
        manifest["capabilities"]["secrets"] = ["token"]
        manifest["webhook"]["signature"] = {"algorithm": "custom", "headers": ["X-Acme-Signature"]}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        checked = junctor("connector", "check", self.build(folder), "--level", "full")
        self.assertRegex(checked, r"\b0 failed, \d+ skipped, 0 waived")
        for check in ("W1", "W2", "W4", "W5", *(f"A{n}" for n in range(1, 13))):
            self.assertRegex(checked, rf"(?m)^{check} +PASS", check)

    def test_rust_acts(self):
        self.acts("rust", "src/lib.rs")

    def test_go_acts(self):
        self.acts("go", "acme.go")

    def throwing(self, language):
        folder = self.project(language, folder=f"{language}-throws")
        for source in [*folder.glob("*.cpp"), *folder.glob("*.go"), *folder.glob("src/*.rs")]:
            text, (line, code) = source.read_text(), THROW[language]
            if line in text:
                source.write_text("#include <stdexcept>\n" * (language == "cpp") +
                                  text.replace(line, code + line))
        self.conforms(self.build(folder), "[.throws]")

    def test_cpp_exceptions_stay_inside(self):
        self.throwing("cpp")

    def test_rust_panics_stay_inside(self):
        self.throwing("rust")

    def test_go_panics_stay_inside(self):
        self.throwing("go")

    def test_a_name_of_two_words_and_an_own_id(self):
        for language in ("c", "cpp", "rust", "go"):
            with self.subTest(language):
                if not shutil.which(TOOL[language]):
                    continue
                folder = self.project(language, "io.shop24.my-shop", f"{language}-named")
                library = self.build(folder, "my-shop")
                self.assertIn(b'"id": "io.shop24.my-shop"', library.read_bytes())
                self.conforms(library, "the manifest stands*")
                for file in folder.rglob("*"):
                    if file.is_file() and "build" not in file.relative_to(folder).parts[0]:
                        self.assertNotRegex(file.read_text(), r"(?i)\bacme\b", file)

    def test_a_project_is_complete(self):
        folder = self.project("c", folder="whole")
        for part in ("README.md", ".gitignore", ".github/workflows/connector.yml",
                     "junctor-check.yaml", "manifest.json", "fixtures/order.paid.json"):
            self.assertTrue((folder / part).is_file(), part)
        self.assertIn("waivers: []", (folder / "junctor-check.yaml").read_text())

    def test_what_cannot_be_made_is_said(self):
        for arguments, said in ((("Acme",), "is no name"), (("a b",), "is no name"),
                                (("x", "--lang", "cobol"), "cobol"),
                                (("x", "--dir", str(WORK)), "exists")):
            done = subprocess.run([STAGE / "bin" / "junctor", "connector", "new", *arguments],
                                  capture_output=True, text=True, cwd=WORK, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(said, done.stderr)
            self.assertFalse((WORK / "x").exists())


class Dev(unittest.TestCase):
    """`junctor connector dev`: a person saves files and looks at the terminal."""

    def setUp(self):
        self.folder = WORK / f"dev-{self._testMethodName}"
        junctor("connector", "new", "--lang", "c", "acme", "--dir", self.folder)
        self.source = self.folder / "acme.c"

    def start(self, *arguments):
        child = subprocess.Popen([str(STAGE / "bin" / "junctor"), "connector", "dev",
                                  str(self.folder), *arguments], text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.terminate)
        return child

    def until(self, child, text):
        """Lines up to the one with `text`. One that never comes is a failure, not a hang."""
        lines = []
        patience = threading.Timer(300, child.terminate)
        patience.start()
        self.addCleanup(patience.cancel)
        for line in child.stdout:
            lines.append(line)
            if text in line:
                patience.cancel()
                return "".join(lines)
        raise AssertionError(f"ended without '{text}':\n{''.join(lines)}")

    def test_a_round_shows_the_events_of_the_fixtures(self):
        said = junctor("connector", "dev", self.folder, "--replay", "--once")
        self.assertIn("replay order.paid.json: 202 accepted", said)
        self.assertIn("order.paid", said)
        self.assertIn("order/7", said)

    def test_saving_a_file_runs_the_new_code(self):
        child = self.start("--replay")
        self.until(child, "order/7")
        text = self.source.read_text()
        self.source.write_text(text.replace('text_of("order")', 'text_of("purchase")'))
        self.assertIn("is loaded", self.until(child, "purchase/7"))
        self.source.write_text(text.replace("jn_event event;", "jn_event event"))
        self.until(child, "the build failed")
        self.source.write_text(text)
        self.until(child, "order/7")
        child.terminate()
        self.assertEqual(child.wait(timeout=60), 0)

    def test_a_captured_webhook_and_settings_from_files(self):
        captured, settings = self.folder / "captured.json", self.folder / "settings.json"
        captured.write_text('{"id": "ev_9", "kind": "order.cancelled", "order": {"no": 9}}')
        settings.write_text('{"test": true}')
        said = junctor("connector", "dev", self.folder, "--payload", captured, "--settings",
                       settings, "--once")
        self.assertIn("order.cancelled", said)
        self.assertIn("order/9", said)
        self.assertIn('{"test":true}', said)

    def test_an_error_of_the_connector_is_shown(self):
        (self.folder / "fixtures/order.paid.json").write_text('{"id": "ev_1"}')
        done = subprocess.run([STAGE / "bin" / "junctor", "connector", "dev", self.folder,
                               "--replay", "--once"], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the body has no kind", done.stderr)

    def test_a_library_that_is_no_connector_is_refused_with_the_reason(self):
        self.source.write_text(self.source.read_text().replace(
            " JN_ABI_MAJOR,", " 7u,"))
        done = subprocess.run([STAGE / "bin" / "junctor", "connector", "dev", self.folder,
                               "--once"], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "refuse|speaks ABI 7")


class OutsideProject(unittest.TestCase):
    """CMake and pkg-config of an installed SDK."""

    def test_find_package_by_prefix(self):
        folder = WORK / "found"
        shutil.copytree(STAGE / "share/junctor/templates/c", folder)
        run("cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={STAGE}", cwd=folder)
        run("cmake", "--build", "build", cwd=folder)
        run("cmake", "--install", "build", "--prefix", folder / "root", cwd=folder)
        self.assertTrue((folder / "root/lib/junctor/connectors/acme.so").is_file())
        samples = folder / "root/share/junctor/samples/com.example.acme"
        self.assertTrue((samples / "order.paid.json").is_file())

    def test_a_newer_abi_than_the_sdk_has_is_not_found(self):
        folder = WORK / "too-new"
        shutil.copytree(STAGE / "share/junctor/templates/c", folder)
        lists = folder / "CMakeLists.txt"
        lists.write_text(lists.read_text().replace("Junctor 1 ", "Junctor 1.99 "))
        with self.assertRaisesRegex(AssertionError, "1.99"):
            run("cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={STAGE}", cwd=folder)

    def test_pkg_config_and_one_line_of_cc(self):
        folder = WORK / "cc"
        shutil.copytree(STAGE / "share/junctor/templates/c", folder)
        (folder / "note.c").write_text(
            '#include <junctor/note.h>\nJN_MANIFEST_NOTE("manifest.json");\n')
        flags = run("pkg-config", "--cflags", "--libs", "junctor",
                    env={**os.environ, "PKG_CONFIG_PATH": str(STAGE / "share/pkgconfig")})
        flags = shlex.split(flags)  # paths may hold spaces
        run("cc", "-fPIC", '-DJUNCTOR_CONNECTOR_ID="com.example.acme"',
            '-DJUNCTOR_CONNECTOR_VERSION="1.0.0"', "acme.c", "note.c", *flags, "-o", "acme.so",
            cwd=folder)
        run(os.environ["EXAMPLE_TEST"], env={**os.environ, "EXAMPLE": str(folder / "acme.so")})


if __name__ == "__main__":
    unittest.main()
