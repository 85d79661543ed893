#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""compare_bodies.py CHECK_BODY OPENAPI: random request bodies, judged by the generated C tables and by jsonschema from the
same document. The two must agree on every one of them, and a refusal must point at something real."""
import json
import random
import re
import subprocess
import sys

import jsonschema
import yaml

BODIES_PER_OPERATION = 400
# The draft's checker leaves formats alone; "duration" is ours: whole numbers with units, longest first.
FORMATS = jsonschema.FormatChecker(formats=[])
DURATION = re.compile(r"(?=.)(\d+d)?(\d+h)?(\d+min)?(\d+s)?(\d+ms)?", re.ASCII)
FORMATS.checks("duration")(lambda value: not isinstance(value, str) or DURATION.fullmatch(value) is not None)
TIME = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d)T([01]\d|2[0-3])(:[0-5]\d){2}(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII)
FORMATS.checks("date-time")(lambda value: not isinstance(value, str) or TIME.fullmatch(value) is not None)
ODD = [None, True, False, 0, 1, -1, 1.0, 1.5, 1e30, "", "x", "P1", "a b", "-", "\u00e4" * 70, "GPU",
       [], {}, [1], {"a": 1}, "2026-11-21T10:00:00Z"]


def resolve(schema, document):
    while "$ref" in schema:
        node = document
        for part in schema["$ref"][2:].split("/"):
            node = node[part]
        schema = node
    return schema


def number(rng, schema, whole):
    low = schema.get("minimum", schema.get("exclusiveMinimum", -10))
    high = schema.get("maximum", schema.get("exclusiveMaximum", 1000))
    value = rng.choice([low, high, low - 1, high + 1, rng.uniform(low, high), rng.uniform(low, high)])
    return int(value) if whole and rng.random() < 0.9 and abs(value) < 2**62 else value


def text(rng, schema):
    if "enum" in schema:
        return rng.choice(schema["enum"] + schema["enum"] + [schema["enum"][0].swapcase() + "_"])
    if schema.get("format") == "duration" and rng.random() < 0.7:
        return rng.choice(["5s", "1h30min", "0ms", "2d", "90", "30min1h", "1.5h", "1w"])
    if schema.get("format") == "date-time" and rng.random() < 0.7:
        return rng.choice(["2026-11-21T10:00:00Z", "2026-11-21T10:00:00.25+02:00", "2026-13-21T10:00:00Z", "2026-11-21",
                           "2026-11-21T25:00:00Z", "2026-11-21T10:00:00"])
    longest = schema.get("maxLength", 30)
    size = rng.choice([0, 1, 5, 5, 5, longest, longest + 1])
    return "".join(rng.choice("abcXYZ019 ._-\u00e4") for _ in range(min(size, 600)))


def value_for(rng, schema, document):
    schema = resolve(schema, document)
    if rng.random() < 0.05:
        return rng.choice(ODD)
    if "anyOf" in schema and "type" not in schema:
        return value_for(rng, rng.choice(schema["anyOf"]), document)
    kind = schema.get("type")
    if kind == "object":
        return body_for(rng, schema, document)
    if kind == "array":
        return [value_for(rng, schema["items"], document) for _ in range(rng.randrange(4))]
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "string":
        return text(rng, schema)
    return number(rng, schema, kind == "integer")


def body_for(rng, schema, document):
    keep = rng.choice([0.1, 0.3, 0.9])
    body = {name: value_for(rng, value, document)
            for name, value in schema.get("properties", {}).items()
            if name in schema.get("required", []) and rng.random() < 0.9 or rng.random() < keep}
    if rng.random() < 0.05:
        body[rng.choice(["extra", "nmae", "", "a/b", "~"])] = 1
    return body


def points_somewhere(body, pointer):
    """A pointer names a value of the body, or a member that is missing from one."""
    parts = [p.replace("~1", "/").replace("~0", "~") for p in pointer.split("/")[1:]]
    for i, part in enumerate(parts):
        if isinstance(body, dict) and part in body:
            body = body[part]
        elif isinstance(body, list) and part.isdigit() and int(part) < len(body):
            body = body[int(part)]
        else:
            return isinstance(body, dict) and i == len(parts) - 1
    return True


def main():
    program, source = sys.argv[1:3]
    with open(source, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    rng = random.Random(20261121)
    resolver = jsonschema.RefResolver("", document)
    lines, bodies, expected = [], [], []
    for item in document["paths"].values():
        for operation in item.values():
            if "requestBody" not in operation:
                continue
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            validator = jsonschema.Draft202012Validator(schema, resolver=resolver, format_checker=FORMATS)
            for _ in range(BODIES_PER_OPERATION):
                body = value_for(rng, schema, document)
                bodies.append(body)
                lines.append(f"{operation['operationId']} {json.dumps(body)}")
                expected.append(validator.is_valid(body))
    answers = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True,
                             text=True, check=True).stdout.split("\n")
    wrong = 0
    for line, body, fits, answer in zip(lines, bodies, expected, answers):
        pointers = [] if answer == "accepted" else answer.split("\t")[:-1]
        if fits != (answer == "accepted") or not all(points_somewhere(body, p) for p in pointers):
            wrong += 1
            print(f"jsonschema says {fits}, the table says {answer!r}: {line[:300]}")
    print(f"{len(lines)} bodies, {sum(expected)} of them valid, {wrong} judged differently")
    sys.exit(1 if wrong or not 0.1 < sum(expected) / len(lines) < 0.9 else 0)


if __name__ == "__main__":
    main()
