"""From YAML file, flags and `--set` to one valid Config that knows where each value comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from pipeline.config import Config
from pipeline.errors import ConfigError, did_you_mean


@dataclass(frozen=True)
class Resolved:
    """A configuration and where its values come from.

    Args:
        config: the valid configuration, all paths absolute.
        origins: dotted key -> file name, `--set`, `command line` or `inferred`; keys not in it are defaults.
    """

    config: Config
    origins: dict[str, str]

    def origin(self, key: str) -> str:
        """Returns where the value of a dotted key comes from; a list or mapping counts as one value."""
        while key:
            if key in self.origins:
                return self.origins[key]
            key = key.rpartition(".")[0]
        return "default"


def resolve(
    file: Path | None = None, flags: Mapping[str, Any] | None = None, overrides: Sequence[str] = ()
) -> Resolved:
    """Builds the configuration of a run; later sources win: file, then flags, then `--set key=value`.

    Args:
        file: YAML file, or None when the flags say everything.
        flags: dotted key -> value given by command-line options; None values are left out.
        overrides: texts `key=value` of `--set`, the value written as in YAML.

    Returns:
        The valid configuration with the origin of each value.

    Raises:
        ConfigError: the file cannot be read or a key or value is not allowed; one sentence per problem.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    if file is not None:
        values = _read(file)
        origins = {key: file.name for key, _ in _leaves(values)}
        _make_absolute(values, file.absolute().parent)
    given = {key: value for key, value in (flags or {}).items() if value is not None}
    for key, value in given.items():
        _assign(values, key, value)
        origins[key] = "command line"
    for text in overrides:
        key, value = _parse_override(text)
        _assign(values, key, value)
        origins[key] = "--set"
    _make_absolute(values, Path.cwd())
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(_sentences(error, file))) from None
    if not config.name:
        config = config.model_copy(update={"name": _name_from(config)})
        origins["name"] = "inferred"
    return Resolved(config, origins)


class _UniqueKeys(yaml.SafeLoader):
    """YAML loader that refuses a key written twice instead of keeping the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f'the key "{key.value}" must be written once', key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"--config must be a readable YAML file, got {file} ({reason}).") from None
    try:
        values = yaml.load(text, _UniqueKeys)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file.name}, line {mark.line + 1}" if mark else file.name
        raise ConfigError(
            f"{where} must be valid YAML, got: {getattr(error, 'problem', error)}. Correct that line."
        ) from None
    if not isinstance(values, dict):
        raise ConfigError(f"{file.name} must hold a mapping of sections, got {type(values).__name__}.")
    return values


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _assign(values: dict[str, Any], key: str, value: Any) -> None:
    *sections, last = key.split(".")
    for section in sections:
        inner = values.setdefault(section, {})
        if not isinstance(inner, dict):
            raise ConfigError(f'--set key must name a value in a section, got "{key}": "{section}" is a value.')
        values = inner
    values[last] = value


def _parse_override(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"[\w-]+(\.[^.=]+)*", key):
        raise ConfigError(f'--set must look like key=value, got "{text}". Example: --set training.epochs=20')
    try:
        return key, yaml.safe_load(value) if value else ""
    except yaml.YAMLError:
        raise ConfigError(f'--set {key} must have a YAML value, got "{value}". Quote it.') from None


def _make_absolute(values: dict[str, Any], base: Path) -> None:
    """Resolves every path that is still relative against `base`, in place."""

    def absolute(path: Any) -> Any:
        return str(base / path) if isinstance(path, str) and path and "://" not in path else path

    for section, key in (
        ("data", "path"),
        ("data", "schema_file"),
        ("push", "destination"),
        ("runtime", "output"),
    ):
        inner = values.get(section)
        if isinstance(inner, dict) and inner.get(key):
            value = inner[key]
            inner[key] = [absolute(path) for path in value] if isinstance(value, list) else absolute(value)


def _name_from(config: Config) -> str:
    path = Path(config.data.path if isinstance(config.data.path, str) else config.data.path[0])
    stem = path.name.split(".")[0] if "*" not in path.name else path.parent.name
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:64].strip("-") or "table"


def _sentences(error: ValidationError, file: Path | None) -> list[str]:
    """Returns one sentence per problem pydantic found."""
    sentences = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"] if not str(part).startswith(("function-", "list[")))
        key = re.sub(r"\.(str|constrained-str)(?=\.|$)", "", key) or "the configuration"
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            known = _keys_at(problem["loc"][:-1])
            hint = did_you_mean(str(problem["loc"][-1]), known) or f" Known keys: {', '.join(known)}."
            sentences.append(f"{key} must be a known key, got an unknown one.{hint}")
        elif problem["type"] == "missing":
            hint = (
                " Give it with --data, --regression and --classification, or in the file."
                if file is None
                else f" Add it to {file.name}."
            )
            sentences.append(f"{key} must be given, got nothing.{hint}")
        elif problem["type"] == "value_error":
            sentences.append(f"{key}: {message}.")
        else:
            constraint = message[0].lower() + message[1:]
            constraint = re.sub(r"^input should be (a )?(valid )?", "", constraint)
            sentences.append(f"{key} must be {constraint}, got {problem['input']!r}.")
    return list(dict.fromkeys(sentences))


def _keys_at(location: Sequence[str | int]) -> list[str]:
    """Returns the keys of the section at a location of the configuration."""
    section: type[BaseModel] = Config
    for part in location:
        annotation = section.model_fields[str(part)].annotation
        section = next(t for t in (annotation, *get_args(annotation)) if isinstance(t, type) and issubclass(t, BaseModel))
    return list(section.model_fields)
