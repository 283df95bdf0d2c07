"""The page of the HTTP API, from the OpenAPI document that the product serves."""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy import web
from docs.generators import markdown
from ledger.settings import Settings

_INTRODUCTION = """\
The product serves this document at `/openapi.json`, and at `/docs` for a browser. Money and ratios
are decimal text, exact to the last digit; tokens and other counts are integers; times are RFC 3339
in UTC; what is unknown is `null`. Where keys are needed, send `Authorization: Bearer KEY` or
`x-api-key: KEY`. The collector serves the routes under `/v1/`, the advisor all others;
`switchwise up` serves both. A query parameter that a route does not have is answered with 400 and
the nearest name."""

Schema = Mapping[str, Any]


def generate() -> str:
    """The page `docs/reference/api.md`."""
    document = asyncio.run(_document())
    routes = [
        block
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for block in _operation(f"{method.upper()} {path}", operation)
    ]
    objects = [
        block
        for name, schema in sorted(document["components"]["schemas"].items())
        for block in _object(name, schema)
    ]
    return markdown.page("HTTP API", _INTRODUCTION, [*routes, "## Objects", *objects])


async def _document() -> dict[str, Any]:
    """The OpenAPI document of collector and advisor together, over an empty ledger."""
    with tempfile.TemporaryDirectory() as folder:
        app = web.create_app(Settings(data=Path(folder)))
        async with app.router.lifespan_context(app):
            return app.openapi()


def _operation(name: str, operation: Schema) -> Iterator[str]:
    yield f"## {name}"
    yield operation.get("description") or f"{operation['summary']}."
    parameters = operation.get("parameters", [])
    if parameters:
        yield markdown.table(
            ("parameter", "in", "type", "what it sets"), map(_parameter, parameters)
        )
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        yield f"Body: {_content(body)}."
    yield markdown.table(
        ("answer", "body", "when"),
        (
            (status, _content(answer.get("content", {})), answer.get("description", ""))
            for status, answer in operation["responses"].items()
        ),
    )


def _parameter(parameter: Schema) -> tuple[str, str, str, str]:
    schema = parameter.get("schema", {})
    return (
        markdown.code(parameter["name"]),
        parameter["in"],
        _type(schema),
        parameter.get("description") or schema.get("description", ""),
    )


def _content(content: Schema) -> str:
    """The types of a body on one line; a media type other than JSON is named."""
    return "; ".join(
        _type(body.get("schema", {}))
        if media == "application/json"
        else f"{markdown.code(media)} {_type(body.get('schema', {}))}".strip()
        for media, body in content.items()
    )


def _object(name: str, schema: Schema) -> Iterator[str]:
    yield f"### {name}"
    if schema.get("description"):
        yield schema["description"]
    fields = schema.get("properties", {})
    if fields:
        yield markdown.table(
            ("field", "type", "what it holds"),
            (
                (markdown.code(field), _type(part), part.get("description", ""))
                for field, part in fields.items()
            ),
        )
    else:
        yield _type(schema)


def _type(schema: Schema) -> str:
    """A type in words: a link to an object, a list, a choice, or a plain type."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(markdown.code(str(choice)) for choice in schema["enum"])
    if "const" in schema:
        return markdown.code(str(schema["const"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}".removesuffix(" of ")
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return str(schema.get("type", ""))
