# SPDX-License-Identifier: Apache-2.0
"""scripts/generate-api: what it accepts becomes C that compiles, what it cannot keep is refused with the place; and the
contract itself holds together."""

import json
import pathlib
import re
import subprocess

import jsonschema
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
GENERATE = ROOT / "scripts" / "generate-api"
OPENAPI = yaml.safe_load((ROOT / "api" / "openapi.yaml").read_text())
METHODS = ("get", "post", "put", "patch", "delete")
OPERATIONS = [(path, method, operation) for path, item in OPENAPI["paths"].items()
              for method, operation in item.items()]


def generate(tmp_path, text, *arguments, what="routes"):
    source, output = tmp_path / "in.yaml", tmp_path / "out.c"
    source.write_text(text)
    result = subprocess.run([GENERATE, what, source, "-o", output, *arguments],
                            capture_output=True, text=True, check=False)
    return result, output.read_text() if output.exists() else None


def operation(**members):
    row = {"operationId": "a", "x-hcp-services": ["billing"], "responses": {}}
    row.update(members)
    return json.dumps({"openapi": "3.1.0", "paths": {members.pop("path", "/a"): {"get": row}}})


def with_schema(schema):
    return operation(requestBody={"content": {"application/json": {"schema": schema}}})


REFUSED = [
    ("no '", with_schema({"type": "object", "minProperties": 1})),
    ("no 'allOf'", with_schema({"allOf": [{"type": "object"}]})),
    ("several types", with_schema({"type": ["string", "integer"]})),
    ("unknown type 'text'", with_schema({"type": "text"})),
    ("unknown format 'email'", with_schema({"type": "string", "format": "email"})),
    ("enum is for strings", with_schema({"type": "integer", "enum": [1, 2]})),
    ("an array needs items", with_schema({"type": "array"})),
    ("does not exist", with_schema({"$ref": "#/components/schemas/Nowhere"})),
    ("leaves the document", with_schema({"$ref": "other.yaml#/x"})),
    ("beside $ref", with_schema({"$ref": "#/paths", "type": "object"})),
    ("is missing or used twice", operation(operationId=None)),
    ("x-hcp-services", operation(**{"x-hcp-services": ["nobody"]})),
    ("path parameters", operation(parameters=[{"name": "id", "in": "path", "schema": {}}])),
    ("query parameters are scalars", operation(
        parameters=[{"name": "q", "in": "query", "schema": {"type": "object"}}])),
    ("has other parameters", operation(**{"x-hcp-aliases": ["/b/{id}"]})),
    ("is both a and a", operation(**{"x-hcp-aliases": ["/a"]})),
    ("duplicate key 'x'", "openapi: 3.1.0\npaths: {}\nx: 1\nx: 2\n"),
    ("has no value", "openapi: 3.1.0\npaths: {}\ninfo: {title: this, that}\n"),
]


@pytest.mark.parametrize("message, text", REFUSED, ids=[row[0] for row in REFUSED])
def test_refuses(tmp_path, message, text):
    result, output = generate(tmp_path, text)
    assert result.returncode != 0
    assert message in result.stderr
    assert output is None


def test_is_deterministic(tmp_path):
    text = (ROOT / "api" / "openapi.yaml").read_text()
    assert generate(tmp_path, text)[1] == generate(tmp_path, text)[1]


def test_document_is_the_contract(tmp_path):
    _, output = generate(tmp_path, (ROOT / "api" / "openapi.yaml").read_text(), what="document")
    assert json.loads(output) == OPENAPI


def test_schema_roots_and_recursion(tmp_path):
    """A schema that contains itself, exported under two names, as the configuration does."""
    text = json.dumps({
        "type": "object", "properties": {"tree": {"$ref": "#/$defs/node"}},
        "$defs": {"node": {"type": "object", "additionalProperties": False, "properties": {
            "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            "note": {"type": ["string", "null"], "default": "a \"quote\" \u00e4"}}}}})
    result, output = generate(tmp_path, text, "--root", "HCP_A=#", "--root", "HCP_B=#/$defs/node",
                              what="schema")
    assert result.returncode == 0, result.stderr
    assert "const hcp_schema HCP_A = {" in output and "const hcp_schema HCP_B = {" in output
    flags = subprocess.run(["pkg-config", "--cflags", "glib-2.0", "jansson"], capture_output=True,
                           text=True, check=True).stdout.split()
    subprocess.run(["cc", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                    f"-I{ROOT}/src", *flags, tmp_path / "out.c"], check=True)


@pytest.mark.parametrize("path, method, row", OPERATIONS,
                         ids=[row["operationId"] for _, _, row in OPERATIONS])
def test_operation_is_complete(path, method, row):
    assert method in METHODS
    assert re.fullmatch(r"[a-z][A-Za-z]+", row["operationId"])
    assert row["summary"] and row["tags"][0] in {tag["name"] for tag in OPENAPI["tags"]}
    assert row["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
    assert any(status.startswith("2") for status in row["responses"])
    changes = method != "get" and row["tags"] != ["simulator"]
    headers = [p for p in row.get("parameters", []) if "IdempotencyKey" in p.get("$ref", "")]
    assert bool(headers) == bool(row.get("x-hcp-idempotent"))
    if row.get("x-hcp-etag"):
        assert not changes
        assert "304" in row["responses"] or path in ("/openapi.json",)


def test_examples_fit():
    resolver = jsonschema.RefResolver("", OPENAPI)
    checked = 0
    for _, _, row in OPERATIONS:
        content = row.get("requestBody", {}).get("content", {}).get("application/json", {})
        for example in content.get("examples", {}).values():
            jsonschema.Draft202012Validator(content["schema"], resolver=resolver).validate(
                example["value"])
            checked += 1
    assert checked >= 3


def test_no_schema_is_unused():
    text = (ROOT / "api" / "openapi.yaml").read_text()
    unused = [name for name in OPENAPI["components"]["schemas"]
              if f"#/components/schemas/{name}'" not in text]
    assert unused == []
