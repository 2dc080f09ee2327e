"""From YAML file, flags and `--set` to one valid Config that knows where each value comes from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from components.example_gen.tables.lakes.lake import root_of
from components.shared.dotted_keys import leaves
from pipeline.config.messages import explain, origin_of, shown
from pipeline.config.presets import preset_keys
from pipeline.config.run import Config
from pipeline.config.search_space import checked_space
from pipeline.errors import ConfigError

_PATHS = (
    ("data", "path"),
    ("data", "schema_file"),
    ("push", "destination"),
    ("runtime", "output"),
    ("runtime", "artifacts"),
    ("runtime", "jar"),
)


@dataclass(frozen=True)
class Resolved:
    """A configuration and where its values come from.

    Args:
        config: the valid configuration, all paths absolute.
        origins: dotted key -> file name, `--set`, `command line`, `preset NAME` or `inferred`; keys not in it are
            defaults.
    """

    config: Config
    origins: dict[str, str]

    def origin(self, key: str) -> str:
        """Returns where the value of a dotted key comes from; a list or mapping counts as one value."""
        return origin_of(self.origins, key)


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
        origins = {key: file.name for key, _ in leaves(values)}
        _make_absolute(values, file.absolute().parent)
    given = {key: value for key, value in (flags or {}).items() if value is not None}
    for key, value in given.items():
        _assign(values, key, value)
        _note(origins, key, value, "command line")
    for text in overrides:
        key, value = _parse_override(text)
        _assign(values, key, value)
        _note(origins, key, value, "--set")
    _make_absolute(values, Path.cwd())
    config = _valid(values, origins, file)
    if not config.name:
        config = config.model_copy(update={"name": _name_from(config)})
        origins["name"] = "inferred"
    for key in set(preset_keys(config.preset)) - set(origins):
        origins[key] = f"preset {config.preset}"
    if config.tuning.space:
        space = checked_space(config, values, origins, file)
        config = config.model_copy(update={"tuning": config.tuning.model_copy(update={"space": space})})
    return Resolved(config, origins)


def with_value(resolved: Resolved, key: str, value: Any, origin: str) -> Resolved:
    """Returns the configuration with another value at one key.

    Args:
        resolved: the configuration.
        key: the dotted key.
        value: its value.
        origin: where it comes from.

    Raises:
        ConfigError: the value is not allowed.
    """
    values, origins = resolved.config.as_json(), dict(resolved.origins)
    _assign(values, key, value)
    _note(origins, key, value, origin)
    return Resolved(_valid(values, origins, None), origins)


def _valid(values: dict[str, Any], origins: Mapping[str, str], file: Path | None) -> Config:
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(explain(error, values, origins, file))) from None


class _Loader(yaml.SafeLoader):
    """YAML loader by which names keep their text, and a key written twice is refused instead of the last one kept.

    As in YAML 1.2, `NO`, `on` and `yes` are text, and so are dates, clock times, and numbers with a leading zero, such
    as a postcode; a key that is a boolean takes `yes` and `no` all the same.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f'the key "{key.value}" a second time', key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, known) for tag, known in resolvers if tag.rpartition(":")[2] in ("null", "merge")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_TAG = "tag:yaml.org,2002:"
_Loader.add_implicit_resolver(f"{_TAG}bool", re.compile(r"(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver(f"{_TAG}int", re.compile(r"[-+]?(0|[1-9][0-9_]*)$"), list("-+0123456789"))
_FLOAT = re.compile(
    r"([-+]?((0|[1-9][0-9_]*)\.[0-9_]*|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$"
)
_Loader.add_implicit_resolver(f"{_TAG}float", _FLOAT, list("-+0123456789."))


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(
            f"--config must be a readable YAML file, got {file} ({reason}). Correct the path or the file."
        ) from None
    try:
        values = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file.name}, line {mark.line + 1}," if mark else file.name
        problem = (getattr(error, "problem", None) or str(error).splitlines()[0]).removeprefix("but found ")
        raise ConfigError(f"{where} must be valid YAML, got: {problem}. Correct that place.") from None
    if not isinstance(values, dict):
        raise ConfigError(
            f"{file.name} must hold the sections data and labels, got {shown(values)}. Begin with those two."
        )
    return values


def _assign(values: dict[str, Any], key: str, value: Any) -> None:
    *sections, last = key.split(".")
    for section in sections:
        inner = values.setdefault(section, {})
        if not isinstance(inner, dict):
            raise ConfigError(
                f'--set must name a key of a section, got "{key}", but {section} is a value. Correct the key.'
            )
        values = inner
    values[last] = value


def _parse_override(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"[\w-]+(\.[^.=]+)*", key):
        raise ConfigError(f'--set must look like key=value, got "{text}". Example: --set training.epochs=20')
    try:
        return key, yaml.load(value, _Loader) if value else ""
    except yaml.YAMLError:
        raise ConfigError(f'--set {key} must have a YAML value, got "{value}". Quote it.') from None


def _make_absolute(values: dict[str, Any], base: Path) -> None:
    """Resolves every path that is still relative against `base`, in place."""

    def absolute(path: str) -> str:
        path = path.removeprefix("file://")
        return path if "://" in path else str(base / Path(path).expanduser())

    map_paths(values, absolute)


def map_paths(values: dict[str, Any], change: Callable[[str], str]) -> None:
    """Changes every path of a configuration, in place."""

    def changed(path: Any) -> Any:
        return change(path) if isinstance(path, str) and path else path

    for section, key in _PATHS:
        inner = values.get(section)
        if isinstance(inner, dict) and inner.get(key):
            value = inner[key]
            inner[key] = [changed(path) for path in value] if isinstance(value, list) else changed(value)


def _name_from(config: Config) -> str:
    path = Path(root_of(config.data.path if isinstance(config.data.path, str) else config.data.path[0]))
    stem = path.name.split(".")[0] if "*" not in path.name else path.parent.name
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:64].strip("-") or "table"


def _note(origins: dict[str, str], key: str, value: Any, origin: str) -> None:
    """Records where a value comes from, in place; it replaces all that stood under its key."""
    for replaced in [known for known in origins if known == key or known.startswith(f"{key}.")]:
        del origins[replaced]
    origins.update(dict.fromkeys((leaf for leaf, _ in leaves({key: value})), origin))
