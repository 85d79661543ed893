# SPDX-License-Identifier: Apache-2.0
"""The scripts behind the front door: each one fails where it should."""

import json
import pathlib
import subprocess

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"


def run(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


def headers_of(tmp_path, text):
    """check-headers over a tree of one header."""
    room = tmp_path / "src" / "base"
    room.mkdir(parents=True)
    (room / "a.h").write_text(text, encoding="utf-8")
    (room / "a.c").write_text("", encoding="utf-8")
    build = tmp_path / "build"
    build.mkdir()
    (build / "compile_commands.json").write_text(json.dumps([{
        "directory": str(build), "file": "../src/base/a.c",
        "command": "gcc -I../src -Wall -Werror -MD -MQ a.o -MF a.d -o a.o -c ../src/base/a.c",
    }]), encoding="utf-8")
    return run(SCRIPTS / "check-headers", build, tmp_path)


@pytest.mark.parametrize("text, passes", [
    ("#ifndef A\n#define A\nint a(void);\n#endif\n", True),
    ("#ifndef A\n#define A\nint64_t a(void);\n#endif\n", False),
    ("typedef struct { int x; } a;\n", False),
], ids=["alone", "needs another", "no guard"])
def test_a_header_compiles_alone_and_twice(tmp_path, text, passes):
    result = headers_of(tmp_path, text)
    assert (result.returncode == 0) == passes, result.stdout + result.stderr
    assert result.stdout.splitlines()[2].startswith("ok 1" if passes else "not ok 1")


@pytest.mark.parametrize("cases, line, code", [
    ('<testcase name="a"/><testcase name="b"/>', "2 passed, 0 failed", 0),
    ('<testcase name="a"/><testcase name="b"><failure/></testcase>', "1 passed, 1 failed", 1),
    ('<testcase name="a"/><testcase name="b"><error/></testcase>', "1 passed, 1 failed", 1),
    ('<testcase name="a"/><testcase name="b"><skipped/></testcase>', "1 passed, 0 failed, 1 skipped", 0),
    ("", "0 passed, 0 failed", 2),
], ids=["passed", "failure", "error", "skipped", "nothing ran"])
def test_the_summary_counts_what_happened(tmp_path, cases, line, code):
    (tmp_path / "a.xml").write_text(
        f'<testsuites><testsuite name="s">{cases}</testsuite></testsuites>', encoding="utf-8")
    result = run(SCRIPTS / "test-summary", tmp_path)
    assert result.stdout.splitlines()[-1] == line
    assert result.returncode == code


@pytest.mark.parametrize("options", [(), ("--long",)], ids=["short", "long"])
def test_a_run_without_tests_fails(tmp_path, options):
    """A tree whose suites hold nothing: run-tests with stand-ins for the tools that it calls."""
    scripts, tools = tmp_path / "scripts", tmp_path / "bin"
    scripts.mkdir()
    tools.mkdir()
    for name in ("run-tests", "test-summary"):
        (scripts / name).write_bytes((SCRIPTS / name).read_bytes())
        (scripts / name).chmod(0o755)
    for path in (scripts / "configure", tools / "ninja", tools / "meson", tools / "git"):
        path.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
        path.chmod(0o755)
    result = subprocess.run([scripts / "run-tests", *options, tmp_path / "build"], capture_output=True, text=True,
                            check=False, env={"PATH": f"{tools}:/usr/bin:/bin"})
    assert result.stdout.splitlines()[-1] == "0 passed, 0 failed"
    assert result.returncode == 1, result.stdout + result.stderr


def test_the_summary_adds_files(tmp_path):
    for name in ("unit", "daemon"):
        (tmp_path / f"{name}.xml").write_text(
            '<testsuites><testsuite name="s"><testcase name="a"/></testsuite></testsuites>',
            encoding="utf-8")
    assert run(SCRIPTS / "test-summary", tmp_path).stdout == "2 passed, 0 failed\n"


def test_the_summary_reads_output_that_is_no_xml(tmp_path):
    (tmp_path / "a.xml").write_bytes(
        b'<testsuites><testsuite name="s"><testcase name="a"><system-out>\x01\x1b[1m\xff'
        b'</system-out></testcase></testsuite></testsuites>')
    assert run(SCRIPTS / "test-summary", tmp_path).stdout == "1 passed, 0 failed\n"


def test_setup_is_silent_when_nothing_is_missing():
    result = run(SCRIPTS / "setup", "build", "test")
    assert (result.returncode, result.stdout) == (0, "")


def test_every_package_has_a_reason():
    rows = [line.split("|") for line in (SCRIPTS / "setup").read_text(encoding="utf-8").splitlines()
            if line.count("|") == 3 and not line.startswith("#")]
    assert len(rows) > 10
    assert all(cell.strip() for row in rows for cell in row)
