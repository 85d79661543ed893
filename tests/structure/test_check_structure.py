# SPDX-License-Identifier: Apache-2.0
"""Each rule of scripts/check-structure finds the tree that breaks it, and passes one that does not."""

import pathlib
import subprocess

import pytest

CHECK = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "check-structure"
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"
TABLE = """<!-- rooms -->
| Room | What it is for | May include | Pure |
|---|---|---|---|
| `base` | helpers | nothing | no |
| `core` | rules | `base` | yes |
| `cli` | commands | everything | no |
<!-- /rooms -->
"""
CLEAN = {
    "ARCHITECTURE.md": TABLE,
    "src/base/id.h": SPDX + "/* Returns its argument. */\nint hcp_id_same(int value);\n",
    "src/core/state.c": SPDX + '#include "base/id.h"\n\nstatic int twice(int n)\n{\n'
                               "    return 2 * hcp_id_same(n);\n}\n",
}

BREAKS = [
    ("every folder of src/ has a row", {"src/attic/a.c": SPDX}),
    ("every room that may be included", {"ARCHITECTURE.md": TABLE.replace("`base` | yes", "`lost` | yes")}),
    ("no circle between rooms", {"ARCHITECTURE.md": TABLE.replace("nothing", "`core`")}),
    ("a room includes only", {"src/base/up.c": SPDX + '#include "core/state.h"\n'}),
    ("written from src/", {"src/core/x.c": SPDX + '#include "../base/id.h"\n'}),
    ("without a circle", {"src/base/a.h": SPDX + '#include "base/b.h"\n',
                          "src/base/b.h": SPDX + '#include "base/a.h"\n'}),
    ("a room marked pure", {"src/core/x.c": SPDX + "static long f(void)\n{\n    return time(0);\n}\n"}),
    ("over 1,000 lines", {"src/base/x.c": SPDX + "int;\n" * 1001}),
    (".tsx file over 400", {"web/x.tsx": SPDX + "\n" * 400}),
    ("over 120 lines", {"src/base/x.c": SPDX + "static void f(void)\n{\n" + "    f();\n" * 120 + "}\n"}),
    ("more than 7 parameters", {"src/base/x.c": SPDX + "static void f(int a, int b, int c, int d, int e,\n"
                                "              int (*f1)(int, int), int g, int h)\n{\n}\n"}),
    ("external linkage", {"src/base/x.c": SPDX + "int counter;\n"}),
    ("external linkage", {"src/base/x.c": SPDX + 'const char *names[] = {"a"};\n'}),
    ("documented in its header", {"src/base/x.h": SPDX + "\nint hcp_x_y(int a);\n"}),
    ("starts with its licence", {"src/base/x.c": "#include <glib.h>\n\nstatic int a(void);\n"}),
    ("no path of one machine", {"docs/x.md": "see /home" + "/someone/notes\n"}),
    ("no registry host", {"web/package-lock.json": "https://registry" + ".npmjs.org/x\n"}),
]


def run_checks(root, files):
    """The output of the checks over a tree of these files."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return subprocess.run([CHECK, root], capture_output=True, text=True, check=False)


def test_clean_tree_passes(tmp_path):
    result = run_checks(tmp_path, CLEAN)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "not ok" not in result.stdout


@pytest.mark.parametrize("rule, files", BREAKS)
def test_broken_rule_is_found(tmp_path, rule, files):
    result = run_checks(tmp_path, {**CLEAN, **files})
    failed = [line for line in result.stdout.splitlines() if line.startswith("not ok")]
    assert any(rule in line for line in failed), result.stdout + result.stderr
    assert result.returncode == 1


@pytest.mark.parametrize("declaration", [
    "static const int table[] = {1};\n",
    "const char *const names[] = {\"a\"};\n",
    "static int counter;\n",
])
def test_constant_or_private_variables_pass(tmp_path, declaration):
    result = run_checks(tmp_path, {**CLEAN, "src/base/x.c": SPDX + declaration})
    assert "not ok" not in result.stdout


@pytest.mark.parametrize("name, passes", [("internal.h", True), ("public.h", False)])
def test_a_section_comment_is_enough_inside_a_room(tmp_path, name, passes):
    header = SPDX + "\n/* --- events --- */\n\nint hcp_x_a(int a);\nint hcp_x_b(int a);\n"
    result = run_checks(tmp_path, {**CLEAN, f"src/base/{name}": header})
    assert ("not ok" not in result.stdout) == passes, result.stdout
