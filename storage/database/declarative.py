"""Tables written as annotated classes, without SQLAlchemy's mapper.

Nothing here asks for mapped objects, only for columns, and to import the mapper and to configure it for the classes
cost a `presswatch query` a quarter of a second, more than everything else that is ours. So a checker of types sees the
classes as mapped ones, and a program that runs gets from them what it uses: a Table, and its columns as attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Boolean, Column, Float, Integer, MetaData, Table
from sqlalchemy.types import TypeEngine

from storage.database.column_types import DurationSeconds, ProblemList, StringList, UtcDateTime, Utf8Text

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
METADATA = MetaData(naming_convention=NAMING)

TYPES: dict[str, type[TypeEngine[Any]]] = {
    "bool": Boolean,
    "int": Integer,
    "float": Float,
    "str": Utf8Text,
    "datetime": UtcDateTime,
    "timedelta": DurationSeconds,
    "tuple[str, ...]": StringList,
    "tuple[Problem, ...]": ProblemList,
    "dict[str, Any]": JSON,
}
"""How Python's types are kept, by the word they are annotated with; an enum names its column's type itself."""

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

    class Model(DeclarativeBase):
        metadata = METADATA
else:

    class Mapped:
        """Only ever written in an annotation."""

    class mapped_column:  # noqa: N801  (as SQLAlchemy calls it)
        """What a column has beside its name and its type, kept until its class is made."""

        def __init__(self, *facts: Any, **options: Any) -> None:
            self.facts = facts
            self.options = options

        def named(self, name: str, annotation: str) -> Column[Any]:
            """The column. `annotation` is `Mapped[…]` as it was written: text, for annotations are put off."""
            kind, _, optional = annotation.removeprefix("Mapped[").removesuffix("]").partition(" | ")
            facts = self.facts
            if not facts or not isinstance(facts[0], TypeEngine):
                facts = (TYPES[kind], *facts)
            return Column(name, *facts, nullable=optional == "None", **self.options)

    class Model:
        """A class that stands for a table: each annotation is a column."""

        metadata = METADATA

        def __init_subclass__(cls) -> None:
            written = cls.__annotations__
            columns = [vars(cls).get(name, mapped_column()).named(name, text) for name, text in written.items()]
            args = getattr(cls, "__table_args__", ())
            options = args[-1] if args and isinstance(args[-1], dict) else {}
            cls.__table__ = Table(
                cls.__tablename__, METADATA, *columns, *(a for a in args if a is not options), **options
            )
            for column in columns:
                setattr(cls, column.name, column)

        @classmethod
        def __clause_element__(cls) -> Table:
            """What SQLAlchemy takes where a table is asked for."""
            return cls.__table__


__all__ = ["METADATA", "Mapped", "Model", "mapped_column"]
