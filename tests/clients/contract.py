"""Answers of the native API, held against schema/admin.openapi.yaml."""
import json
import pathlib
import re
import urllib.parse

import jsonschema
import yaml

DESCRIPTION = pathlib.Path(__file__).resolve().parents[2] / "schema/admin.openapi.yaml"
# What any path may answer, whatever is asked of it: HTTP's own refusals.
ANYWHERE = {400, 404, 405, 413, 431, 503}


class Broken(AssertionError):
    """An answer that the description does not allow."""


class Contract:
    def __init__(self):
        self.document = yaml.safe_load(DESCRIPTION.read_text())
        self.seen = set()
        self.patterns = [(re.compile("^" + re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "$"), path) for path in self.document["paths"]]

    def operations(self):
        """(path, method in capitals, description) of each; parameters of the path among its own."""
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if method in ("get", "put", "post", "delete"):
                    parameters = [self.resolved(one) for one in [*item.get("parameters", ()), *operation.get("parameters", ())]]
                    yield path, method.upper(), {**operation, "parameters": parameters}

    def resolved(self, node):
        while "$ref" in node:
            target = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    def path_of(self, target):
        path = urllib.parse.unquote(urllib.parse.urlsplit(target).path)
        return next((template for pattern, template in self.patterns if pattern.match(path)), None)

    def check(self, method, target, status, kind, text):
        """Raises Broken. What is under none of the native paths (a vendor's) is passed over."""
        path = self.path_of(target)
        if path is None:
            return
        said = f"{method} {target} -> {status} {kind}: {text[:300]!r}"
        operation = self.document["paths"][path].get("get" if method == "HEAD" else method.lower())
        answers = operation["responses"] if operation else {}
        if str(status) in answers:
            answer = self.resolved(answers[str(status)])
            self.seen.add((path, method, status))
        elif status in ANYWHERE:
            answer = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        else:
            raise Broken(f"this status is not described: {said}")
        if method == "HEAD" or "content" not in answer:
            if text:
                raise Broken(f"there should be no body: {said}")
            return
        media = (kind or "").partition(";")[0]
        if media not in answer["content"]:
            raise Broken(f"not one of {', '.join(answer['content'])}: {said}")
        if media.endswith("json"):
            schema = answer["content"][media]["schema"]
            resolver = jsonschema.RefResolver("", self.document)
            checked = jsonschema.Draft202012Validator(schema, resolver=resolver)
            try:
                checked.validate(json.loads(text))
            except (ValueError, jsonschema.ValidationError) as error:
                raise Broken(f"{getattr(error, 'json_path', '')} {getattr(error, 'message', error)}: {said}") from None


def watch(programs):
    """From now on every answer to programs.ask() is held against the description."""
    contract = Contract()
    programs.witness = contract.check
    return contract
