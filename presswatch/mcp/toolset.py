"""Describe a tool: its arguments, its answer and the function between them; refuse arguments in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import NullableSchema, WithDefaultSchema

from presswatch.mcp.plain_text import plain_values
from presswatch.mcp.reading import Reading
from storage.config.parsers import unknown_name
from storage.model.errors import ConfigError
from storage.text.sanitize import sanitize

MAX_VALUE_SHOWN = 60
"""Characters of a refused value that an error repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """Arguments of a tool; the fields of its subclasses are what a client may send."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


class ArgumentSchema(GenerateJsonSchema):
    """Describe arguments without null, which counts as not given: not every client knows what `anyOf` means."""

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        return {name: value for name, value in described.items() if name != "default" or value is not None}

    def field_title_should_be_set(self, schema: object) -> bool:
        return False


A = TypeVar("A", bound=Arguments)
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer for programs, as JSON values, and the same for a reader, as text."""

    structured: dict[str, Any]
    text: str


@dataclass(frozen=True)
class Tool(Generic[A, R]):
    """A tool: `answer` makes a dataclass from the arguments, `render` its lines of text."""

    name: str
    title: str
    description: str
    arguments: type[A]
    result: type[R]
    answer: Callable[[Reading, A], R]
    render: Callable[[R], Iterable[str]]
    _read: TypeAdapter[A] = field(init=False, repr=False)
    _written: TypeAdapter[R] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_read", TypeAdapter(self.arguments))
        object.__setattr__(self, "_written", TypeAdapter(self.result))

    @property
    def input_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the arguments."""
        return self._read.json_schema(mode="validation", schema_generator=ArgumentSchema)

    @property
    def output_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the answer."""
        return self._written.json_schema(mode="serialization")

    def call(self, reading: Reading, sent: Mapping[str, Any]) -> Answered:
        """Answer a call. Raises PresswatchError; an argument that is null counts as not given."""
        arguments = self._parse({name: value for name, value in sent.items() if value is not None})
        result = self.answer(reading, arguments)
        structured = plain_values(self._written.dump_python(result, mode="json"))
        return Answered(structured=structured, text=plain_values("\n".join(self.render(result))))

    def _parse(self, sent: Mapping[str, Any]) -> A:
        try:
            return self._read.validate_python(sent)
        except ValidationError as error:
            raise ConfigError(self._refusal(error)) from None

    def _refusal(self, error: ValidationError) -> str:
        first = error.errors(include_url=False, include_context=False)[0]
        where = str(first["loc"][0]) if first["loc"] else "arguments"
        if first["type"] == "unexpected_keyword_argument":
            return unknown_name("argument", sanitize(where), [one.name for one in fields(self.arguments)])
        if first["type"] == "missing":
            return f"{where}: is needed"
        reason = f"{first['msg'][:1].lower()}{first['msg'][1:]}"
        return f"{where}: {reason}, and not {sanitize(repr(first['input'])[:MAX_VALUE_SHOWN])}"
