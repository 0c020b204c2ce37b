#!/usr/bin/env python3
"""`junctor mapping`: what it prints and how it ends. Usage: cli_test.py JUNCTOR"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

JUNCTOR = sys.argv.pop(1)


def run(*words):
    done = subprocess.run([JUNCTOR, "mapping", *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


class Mapping(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, text):
        path = pathlib.Path(self.folder.name) / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def test_the_shipped_mappings_are_found_and_sound(self):
        code, out, _ = run("check", "-o", "json")
        checked = json.loads(out)
        self.assertEqual((code, checked["ok"], len(checked["items"])), (0, True, 35))

    def test_a_wrong_mapping_ends_with_1_and_names_the_key(self):
        code, out, _ = run("check", self.file("m.json", '{"format": "junctor.mapping/1", "colour": 1}'))
        self.assertEqual(code, 1)
        self.assertIn("colour: unknown key", out)

    def test_a_file_that_is_not_there_ends_with_1(self):
        self.assertEqual(run("check", self.folder.name + "/none.json")[0], 1)

    def test_show_prints_a_file_that_check_accepts(self):
        code, out, _ = run("show", "salesforce", "contact", "-o", "json")
        self.assertEqual(code, 0)
        self.assertEqual(run("check", self.file("contact.json", out))[0], 0)
        self.assertEqual(run("show", "salesforce", "../contact")[0], 1)

    def test_an_object_goes_there_and_back_with_every_digit(self):
        ours = self.file("ours.json", '{"last": "Lee", "company": {"id": "9007199254740993"}}')
        code, there, _ = run("run", "--to", "zendesk/contact", ours)
        self.assertEqual(code, 0)
        self.assertIn('"organization_id": 9007199254740993', there)
        code, back, _ = run("run", "--from", "zendesk/contact", self.file("theirs.json", there))
        self.assertEqual((code, json.loads(back)), (0, json.loads(pathlib.Path(ours).read_text())))

    def test_losses_are_told_apart_from_the_output(self):
        ours = self.file("ours.json", '{"phone": "777 123 456"}')
        code, out, err = run("run", "--to", "salesforce/contact", ours)
        self.assertEqual((code, json.loads(out)), (0, {"LastName": "(unknown)"}))
        self.assertIn("refused phone", err)
        overrides = self.file("o.json", '{"fields": {"phone": {"transform": [{"e164": "CZ"}]}}}')
        code, out, _ = run("run", "--to", "salesforce/contact", ours, "--overrides", overrides, "-o", "json")
        self.assertEqual(json.loads(out)["output"]["Phone"], "+420777123456")
        self.assertIn("provenance", json.loads(out))

    def test_a_direction_must_be_given(self):
        self.assertEqual(run("run", "salesforce/contact", self.file("o.json", "{}"))[0], 2)


unittest.main()
