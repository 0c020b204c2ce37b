"""The layering of core/ is enforced by the build: proven on a tiny house that uses the real
cmake/JunctorRoom.cmake, and on what each real room can see."""
import os
import pathlib
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["JUNCTOR_SOURCE_DIR"])
CMAKE = os.environ["CMAKE"]

HOUSE = """cmake_minimum_required(VERSION 3.25)
project(house LANGUAGES CXX)
add_library(junctor_warnings INTERFACE)
include("{source}/cmake/JunctorRoom.cmake")
add_subdirectory(lower)
add_subdirectory(upper)
"""


class Layering(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="junctor house ")  # a path with a space
        self.house = pathlib.Path(self.folder.name)
        self.put("CMakeLists.txt", HOUSE.format(source=SOURCE))
        self.put("lower/CMakeLists.txt",
                 "junctor_room(lower HEADERS lower.h SOURCES lower.cpp secret.h)")
        self.put("lower/lower.h", "#pragma once\nint lower();\n")
        self.put("lower/secret.h", "#pragma once\nint secret();\n")
        self.put("lower/lower.cpp",
                 '#include "lower/lower.h"\n#include "lower/secret.h"\nint lower() { return 1; }\n')
        self.put("upper/CMakeLists.txt",
                 "junctor_room(upper DEPS lower HEADERS upper.h SOURCES upper.cpp)")
        self.put("upper/upper.h", "#pragma once\nint upper();\n")
        self.put("upper/upper.cpp",
                 '#include "lower/lower.h"\n#include "upper/upper.h"\n'
                 "int upper() { return lower(); }\n")

    def tearDown(self):
        self.folder.cleanup()

    def put(self, path, text):
        target = self.house / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)

    def run_cmake(self, *arguments):
        done = subprocess.run([CMAKE, *arguments], cwd=self.house, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def build(self):
        code, output = self.run_cmake("-G", "Ninja", "-B", "build", "-S", ".")
        if code == 0:
            code, output = self.run_cmake("--build", "build")
        return code, output

    def test_a_downward_include_compiles(self):
        code, output = self.build()
        self.assertEqual(code, 0, output)

    def test_an_upward_include_does_not_compile(self):
        self.put("lower/lower.cpp", '#include "upper/upper.h"\nint lower() { return upper(); }\n')
        code, output = self.build()
        self.assertNotEqual(code, 0)
        self.assertIn("upper/upper.h: No such file or directory", output)

    def test_a_private_header_of_another_room_does_not_compile(self):
        self.put("upper/upper.cpp", '#include "lower/secret.h"\nint upper() { return secret(); }\n')
        code, output = self.build()
        self.assertNotEqual(code, 0)
        self.assertIn("lower/secret.h: No such file or directory", output)

    def test_an_upward_dependency_does_not_configure(self):
        self.put("lower/CMakeLists.txt",
                 "junctor_room(lower DEPS upper HEADERS lower.h SOURCES lower.cpp)")
        code, output = self.build()
        self.assertNotEqual(code, 0)
        self.assertIn("room 'lower' may not use 'upper'", " ".join(output.split()))

    def test_no_real_room_can_see_a_room_above_it(self):
        sight = [line.split("|") for line in
                 pathlib.Path(os.environ["JUNCTOR_SIGHT"]).read_text().split("\n") if line]
        names = [name for name, *_ in sight]
        self.assertGreater(len(names), 2)
        for rank, (name, *folders) in enumerate(sight):
            for above in names[rank + 1:]:
                for folder in folders:
                    if not folder.startswith(os.environ["JUNCTOR_BINARY_DIR"]):
                        continue  # a system folder: /usr/include has a net/ of its own
                    self.assertFalse((pathlib.Path(folder) / above).exists(),
                                     f"{name} sees {above} through {folder}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
