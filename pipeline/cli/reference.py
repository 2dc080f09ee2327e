"""The README's tables of configuration keys and verbs, made from the models and the command themselves.

    python -m pipeline.cli.reference              prints them
    python -m pipeline.cli.reference README.md    writes them between the markers of a file

In the file each table stands between `<!-- NAME table -->` and `<!-- end of NAME table -->`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import yaml

from pipeline.config.run import Config
from pipeline.config.tuning import SPACE, Range

_Json = dict[str, Any]
_SIMPLE = {"string": "text", "boolean": "true or false"}


def config_table() -> str:
    """Returns a Markdown table of every key: type, default and meaning, in the order of the models."""
    schema = Config.model_json_schema()
    rows = [
        (f"`{key}`", _type(about), _default(about), _meaning(about["description"]))
        for key, about in _keys(schema, schema["$defs"])
    ]
    return _markdown(("Key", "Type", "Default", "Meaning"), rows)


def verbs_table() -> str:
    """Returns a Markdown table of every verb: what `--help` says of it, and its options."""
    from pipeline.cli.main import cli

    rows = []
    for name, command in verbs(cli):
        usage, options = f"mtl {name}", []
        for param in command.params:
            if isinstance(param, click.Argument):
                usage += f" {param.make_metavar(click.Context(command))}"
            else:
                options.append(f"`{', '.join(param.opts)}`")
        rows.append((f"`{usage}`", _meaning(command.help or ""), "<br>".join(options)))
    return _markdown(("Verb", "What it does", "Options"), rows)


def verbs(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    """Yields every verb by its name, those of groups with the group's name before them."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", verb) for inner, verb in verbs(command))
        else:
            yield name, command


def space_table() -> str:
    """Returns a Markdown table of what `mtl tune` varies by default."""
    rows = [(f"`{key}`", _allowed(allowed)) for key, allowed in SPACE.items()]
    return _markdown(("Key", "Values"), rows)


TABLES: dict[str, Callable[[], str]] = {"config": config_table, "verbs": verbs_table, "space": space_table}


def updated(text: str) -> str:
    """Returns a Markdown text with the tables between its markers made anew.

    Raises:
        ValueError: a table's markers are not in the text.
    """
    for name, table in TABLES.items():
        begin, end = f"<!-- {name} table -->", f"<!-- end of {name} table -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"The text must have {begin} and {end} once each.")
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{table()}\n{end}{rest.partition(end)[2]}"
    return text


def _keys(section: _Json, sections: _Json, prefix: str = "") -> Iterator[tuple[str, _Json]]:
    """Yields dotted key and JSON Schema of each value, sections taken apart."""
    for name, about in section["properties"].items():
        if "$ref" in about:
            yield from _keys(sections[about["$ref"].rpartition("/")[2]], sections, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", about | {"required": name in section.get("required", [])}


def _type(about: _Json) -> str:
    if "anyOf" in about:
        kinds = [_type(kind) for kind in about["anyOf"] if kind.get("type") != "null"]
        return " or ".join(kinds)
    if "$ref" in about:
        return "mapping"
    if "enum" in about:
        return ", ".join(f"`{value}`" for value in about["enum"])
    if "discriminator" in about:
        return "check"
    if "oneOf" in about:
        return " or ".join(map(_type, about["oneOf"]))
    kind = about["type"]
    if kind == "array" and not about["items"]:
        return "list"
    if kind == "array":
        items = _type(about["items"])
        return f"list of ({items})" if "anyOf" in about["items"] else f"list of {items}"
    if kind == "object":
        keys = _type(about["propertyNames"]) if "enum" in about.get("propertyNames", {}) else "text"
        values = about.get("additionalProperties") or next(iter(about["patternProperties"].values()))
        return f"mapping from {keys} to {_type(values)}"
    if kind == "string" and about.get("maxLength") == 1:
        return "one character"
    return _SIMPLE.get(kind) or _number(about)


def _number(about: _Json) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {about[name]:,}" for name, sign in signs.items() if name in about]
    return " ".join(["whole number" if about["type"] == "integer" else "number", ", ".join(bounds)]).strip()


def _default(about: _Json) -> str:
    if about["required"]:
        return "required"
    if about["default"] is None:
        return "none"
    written = yaml.safe_dump(about["default"], default_flow_style=True, allow_unicode=True, width=10**6)
    first = written.splitlines()[0]  # PyYAML ends a plain scalar with a line `...`
    return f"`{first}`"


def _allowed(allowed: Sequence[Any] | Range) -> str:
    if isinstance(allowed, Range):
        return f"{allowed.min:g} to {allowed.max:g}" + ", on a logarithmic scale" * allowed.log
    return ", ".join(f"`{yaml.safe_dump(value, default_flow_style=True).splitlines()[0]}`" for value in allowed)


def _meaning(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _markdown(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [headings, ("---",) * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _main(arguments: list[str]) -> None:
    if not arguments:
        print("\n\n".join(table() for table in TABLES.values()))
        return
    for argument in arguments:
        path = Path(argument)
        path.write_text(updated(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    _main(sys.argv[1:])
