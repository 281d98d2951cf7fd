"""One definition file with the line of everything in it, and the mistakes found in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, order=True)
class Mistake:
    """One thing wrong in a definition file."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class DefinitionsInvalid(Exception):
    """The definitions cannot be used; `mistakes` lists every one of them."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = sorted(mistakes)
        super().__init__("\n".join(str(m) for m in self.mistakes))


class _Yaml(yaml.CSafeLoader):
    """Leaves a date that does not exist as text, so that the model complains with its line."""

    def construct_yaml_timestamp(self, node: yaml.ScalarNode) -> Any:
        """A date, or the text as it stands."""
        try:
            return super().construct_yaml_timestamp(node)
        except ValueError:
            return self.construct_scalar(node)


_Yaml.add_constructor("tag:yaml.org,2002:timestamp", _Yaml.construct_yaml_timestamp)


class Document:
    """A YAML file with the line of every node, and the mistakes found in it."""

    def __init__(self, path: Path, root: Path) -> None:
        self.name = path.relative_to(root).as_posix()
        self.lines: dict[tuple[str | int, ...], int] = {(): 1}
        self.mistakes: list[Mistake] = []
        self.data: Any = None
        try:
            loader = _Yaml(path.read_text(encoding="utf-8"))
            node = loader.get_single_node()
            if node is not None:
                # Before the values are made: they resolve merged keys in the nodes themselves.
                self._mark(node, ())
                self.data = loader.construct_document(node)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            reason = getattr(error, "problem", None) or str(error)
            self.mistakes.append(
                Mistake(self.name, mark.line + 1 if mark else 1, f"not valid YAML: {reason}")
            )

    def _mark(self, node: yaml.Node, path: tuple[str | int, ...]) -> None:
        self.lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if key.value in seen:
                    self.mistakes.append(
                        Mistake(self.name, key.start_mark.line + 1, f"key {key.value!r} is doubled")
                    )
                seen.add(key.value)
                self._mark(value, (*path, key.value))
                self.lines[(*path, key.value)] = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode):
            for i, value in enumerate(node.value):
                self._mark(value, (*path, i))

    def say(self, path: Sequence[str | int], message: str) -> None:
        """Note a mistake at the deepest known node of a path."""
        where = tuple(path)
        while where not in self.lines:
            where = where[:-1]
        self.mistakes.append(Mistake(self.name, self.lines[where], message))

    def model(self, kind: type[M], data: Any, path: tuple[str | int, ...] = ()) -> M | None:
        """Build a model; every complaint of pydantic becomes a mistake with its line."""
        try:
            return kind.model_validate(data)
        except ValidationError as error:
            for item in error.errors():
                # a complaint may know its place better than the model that raised it
                raised = item.get("ctx", {}).get("error")
                place = (*path, *item["loc"], *getattr(raised, "path", ()))
                name = ".".join(str(p) for p in item["loc"])
                self.say(place, f"{name}: {item['msg']}" if name else item["msg"])
            return None
