"""Compiled schemas that follow the channel's rules, whatever their classes have compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import pytest
from pydantic import BaseModel, Field
from pydantic.dataclasses import dataclass as pydantic_dataclass

from graflow.channels.schema.compiling import building
from graflow.channels.schema.schema import Schema
from graflow.exceptions import ChannelValidationError


class Home(BaseModel):
    """Lenient by itself, and complete: it takes "1" for 1, and ignores what it does not know."""

    city: str
    number: int = 0


@pydantic_dataclass
class Tag:
    """The same of a dataclass."""

    size: int


class Person(NamedTuple):
    """One with classes in it, and another name in JSON."""

    home: Home
    size: Annotated[int, Field(alias="Size")] = 0


@dataclass
class Family:
    """Classes at every depth."""

    homes: list[Home]
    people: dict[str, Person]
    tags: tuple[Tag, ...] = ()


FAMILY = Family([Home(city="Oslo")], {"ada": Person(Home(city="Bern"), 3)}, (Tag(1),))


def test_classes_inside_others_keep_to_the_channels_rules() -> None:
    """What a class takes by itself is refused in a schema, and the path is named."""
    schema = Schema(Family)
    assert schema.load(schema.dump(FAMILY)) == FAMILY
    for text, path in (
        (b'{"homes":[{"city":"Oslo","number":"1"}],"people":{}}', "homes[0].number"),
        (b'{"homes":[],"people":{"ada":[{"city":"Bern","cty":""}]}}', "people['ada'].home.cty"),
        (b'{"homes":[],"people":{},"tags":[{"size":"1"}]}', "tags[0].size"),
    ):
        with pytest.raises(ChannelValidationError) as caught:
            schema.load(text)
        assert [error.path for error in caught.value.errors] == [path]


def test_a_class_is_complete_again_after_a_schema_was_made() -> None:
    """And keeps its own validator and leniency."""
    before = Home.__pydantic_validator__
    Schema(Family)
    assert vars(Home)["__pydantic_complete__"] is True
    assert Home.__pydantic_validator__ is before
    assert Home.model_validate({"city": "Oslo", "number": "1"}).number == 1


def test_a_class_is_complete_again_after_a_schema_that_failed() -> None:
    """Whatever was the reason."""

    def fail() -> None:
        with building.incomplete({Home}):
            assert vars(Home)["__pydantic_complete__"] is False
            assert Home(city="Oslo") == Home.model_validate({"city": "Oslo"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert vars(Home)["__pydantic_complete__"] is True


@pytest.mark.parametrize("number", [10**4299, -(10**4298), -(10**4299)])
def test_a_long_number_comes_back_or_is_refused(number: int) -> None:
    """The oldest pydantic reads one digit less below zero; what it can't read is not written."""
    schema: Schema[Any] = Schema(list[int])
    try:
        record = schema.dump([number])
    except ChannelValidationError:
        assert number == -(10**4299)
    else:
        assert schema.load(record) == [number]
