# SPDX-License-Identifier: Apache-2.0
"""api/openapi.yaml as a judge of answers."""

import re

import jsonschema
import yaml


class Contract:
    """Finds the operation of a request and checks the answer against it."""

    def __init__(self, path):
        self.document = yaml.safe_load(path.read_text())
        self.resolver = jsonschema.RefResolver.from_schema(self.document)
        self.operations = {}  # operationId: operation
        self.routes = []      # (services or None, method, compiled path, operationId)
        for template, item in self.document["paths"].items():
            for method, operation in item.items():
                self.add(template, method.upper(), operation)

    def add(self, template, method, operation):
        name = operation["operationId"]
        services = operation["x-hcp-services"]
        own = None if services == "all" else {"gateway", *services}
        self.operations[name] = operation
        self.routes.append((own, method, self.pattern(template), name))
        for alias in operation.get("x-hcp-aliases", []):
            if isinstance(alias, str):
                self.routes.append((own, method, self.pattern(alias), name))
            else:
                self.routes.append((set(alias["services"]), method, self.pattern(alias["path"]), name))

    @staticmethod
    def pattern(template):
        # A fixed path sorts before one with parameters, as in the router.
        return re.compile(re.sub(r"\{[^}]+\}", r"[^/]+", template) + r"\Z"), template.count("{")

    def find(self, service, method, path):
        path = path.partition("?")[0]
        found = [(n, name) for services, verb, (pattern, n), name in self.routes
                 if verb == method and pattern.match(path) and (services is None or service in services)]
        return min(found)[1] if found else None

    def resolve(self, node):
        while "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def check(self, service, method, path, response):
        """The operation's name; fails when the answer is not one that it may give. None for no route of ours."""
        name = self.find(service, method, path)
        if name is None:
            assert response.status_code in (400, 404, 405), f"{method} {path}: {response.status_code}"
            return None
        answers = self.operations[name]["responses"]
        answer = self.resolve(answers.get(str(response.status_code)) or answers["default"])
        if "default" in answers and str(response.status_code) not in answers:
            assert response.status_code >= 400, f"{name}: undocumented status {response.status_code}"
        self.check_content(f"{name} {response.status_code}", answer, response)
        return name

    def check_content(self, where, answer, response):
        content = answer.get("content", {})
        media = response.headers.get("Content-Type", "").partition(";")[0]
        if not content:
            assert response.content == b"", f"{where}: a body where none is documented"
            return
        assert media in content, f"{where}: {media!r} is not one of {list(content)}"
        if media.endswith("json"):
            self.validate(where, content[media]["schema"], response.json())

    def validate(self, where, schema, value):
        validator = jsonschema.Draft202012Validator(
            schema, resolver=self.resolver, format_checker=jsonschema.FormatChecker())
        faults = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator.iter_errors(value)]
        assert not faults, f"{where} breaks the contract:\n" + "\n".join(faults[:10])
