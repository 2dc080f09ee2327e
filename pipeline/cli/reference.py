"""The tables of the READMEs that are generated: verbs, options, keys, object stores, search space, growth.

    python -m pipeline.cli.reference    writes each of them into its page, and prints which pages have changed

In its page a table stands between `<!-- NAME table -->` and `<!-- end of NAME table -->`. Where a help text names
a page from the root, such as components/tuner/README.md, the table has a link to it.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import click
import yaml

from components.objects.registry import SCHEMES
from pipeline.config.run import Config
from pipeline.config.tuning import SearchRange, default_space
from pipeline.sizing.growth import growth_rows, run_rows

ROOT = Path(__file__).parents[2]

_Json = dict[str, Any]
_SIMPLE = {"string": "text", "boolean": "true or false"}
_PAGE = re.compile(r"(?<![\w/.`\[(])((?:\w[\w.-]*/)+README\.md)(#[\w-]+)?")


def config_table() -> str:
    """Returns a Markdown table of every key: type, default and meaning, in the order of the models."""
    schema = Config.model_json_schema()
    rows = [
        (f"`{key}`", _type(about), _default(about), _meaning(about["description"] + _choices(about)))
        for key, about in _keys(schema, schema["$defs"])
    ]
    return _markdown(("Key", "Type", "Default", "Meaning"), rows)


def verbs_table() -> str:
    """Returns a Markdown table of every verb and the first paragraph of what `--help` says of it."""
    rows = [(f"`{usage}`", _meaning((command.help or "").partition("\n\n")[0])) for usage, command in _usages()]
    return _markdown(("Verb", "What it does"), rows)


def options_table() -> str:
    """Returns a Markdown table of every verb and its options."""
    rows = []
    for usage, command in _usages():
        options = [f"`{', '.join(param.opts)}`" for param in command.params if isinstance(param, click.Option)]
        rows.append((f"`{usage}`", " ".join(options)))
    return _markdown(("Verb", "Options"), rows)


def verbs(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    """Yields every verb by its name, those of groups with the group's name before them."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", verb) for inner, verb in verbs(command))
        else:
            yield name, command


def space_table() -> str:
    """Returns a Markdown table of what `mtl tune` varies by default."""
    rows = [(f"`{key}`", _allowed(allowed)) for key, allowed in default_space().items()]
    return _markdown(("Key", "Values"), rows)


def stores_table() -> str:
    """Returns a Markdown table of the kinds of object stores: where they lie, and as whom they are asked."""
    rows = [(f"`{scheme.prefix}`", scheme.server, scheme.identity) for scheme in SCHEMES.values()]
    return _markdown(("URI", "Server", "Credentials"), rows)


def growth_table() -> str:
    """Returns a Markdown table of what each step takes of larger and larger tables."""
    heading, *rows = growth_rows()
    return _markdown(heading, rows)


def sizing_table() -> str:
    """Returns a Markdown table of the runs that were measured, and what the sizing model says of them."""
    heading, *rows = run_rows()
    return _markdown(heading, rows)


@dataclass(frozen=True)
class Table:
    """A generated table and where it stands.

    Args:
        page: the README, from the root of the repository.
        make: returns the table, in which pages are named from the root.
    """

    page: str
    make: Callable[[], str]


TABLES: dict[str, Table] = {
    "verbs": Table("README.md", verbs_table),
    "options": Table("pipeline/verbs/README.md", options_table),
    "config": Table("pipeline/config/README.md", config_table),
    "stores": Table("components/objects/README.md", stores_table),
    "space": Table("components/tuner/README.md", space_table),
    "growth": Table("pipeline/workers/README.md", growth_table),
    "sizing": Table("pipeline/sizing/README.md", sizing_table),
}


def updated(text: str, page: str) -> str:
    """Returns the text of a page with its generated tables as they are now.

    Args:
        text: Markdown.
        page: its path from the root of the repository, which says what tables it must have.

    Raises:
        ValueError: the markers of a table are not in the text.
    """
    for name, table in TABLES.items():
        if table.page != page:
            continue
        begin, end = f"<!-- {name} table -->", f"<!-- end of {name} table -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"{page} must have {begin} and {end} once each. Put them where the table belongs.")
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{linked(table.make(), page)}\n{end}{rest.partition(end)[2]}"
    return text


def linked(text: str, page: str) -> str:
    """Returns a text whose names of READMEs, given from the root, are links from a page to them."""
    folder = str(PurePosixPath(page).parent)
    return _PAGE.sub(lambda named: f"[{named[1]}]({os.path.relpath(named[1], folder)}{named[2] or ''})", text)


def rewrite(root: Path = ROOT) -> list[Path]:
    """Writes the tables into their pages under a folder, and returns the pages that have changed."""
    changed = []
    for page in dict.fromkeys(table.page for table in TABLES.values()):
        path = root / page
        text = path.read_text(encoding="utf-8")
        if (new := updated(text, page)) != text:
            path.write_text(new, encoding="utf-8")
            changed.append(path)
    return changed


def _usages() -> Iterator[tuple[str, click.Command]]:
    """Yields every verb as it is typed, with its arguments."""
    from pipeline.cli.main import cli

    for name, command in verbs(cli):
        arguments = [param for param in command.params if isinstance(param, click.Argument)]
        named = [param.make_metavar(click.Context(command)) for param in arguments]
        yield " ".join(["mtl", name, *named]), command


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


def _allowed(allowed: Sequence[Any] | SearchRange) -> str:
    if isinstance(allowed, SearchRange):
        scale = ", on a logarithmic scale" if allowed.log else ""
        return f"{allowed.min:g} to {allowed.max:g}{scale}"
    return ", ".join(f"`{yaml.safe_dump(value, default_flow_style=True).splitlines()[0]}`" for value in allowed)


def _choices(about: _Json) -> str:
    """Returns what the names stand for, where a registry says it."""
    pairs = zip(about.get("enum", ()), about.get("enumDescriptions", ()), strict=False)
    said = "; ".join(f"`{name}`: {description}" for name, description in pairs)
    return said and f" {said}."


def _meaning(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _markdown(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [headings, ("---",) * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    for written in rewrite():
        print(written.relative_to(ROOT))
