import subprocess
import sys
from pathlib import Path

import pytest

from components.shared import step_fingerprint
from components.shared.step_fingerprint import code_fingerprints
from pipeline.graph.steps import STEPS

SOURCES = {
    "__init__.py": "",
    "shared/__init__.py": "",
    "shared/step_fingerprint.py": "",
    "step/__init__.py": "",
    "step/work.py": "import numpy\nfrom components.step.deep import helper\nimport pipeline.config.run\n",
    "step/deep.py": "def helper():\n    from components import names\n    return names\n",
    "step/unrelated.py": "import components.step.work\n",
    "names.py": "import components.cycle.a\nX = 1\n",
    "cycle/__init__.py": "",
    "cycle/a.py": "import components.cycle.b\n",
    "cycle/b.py": "from components.cycle import a\nfrom components.cycle.missing import nothing\n",
}


def code_fingerprint(module: str) -> str:
    return code_fingerprints([module])[module]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `components` of another shape, read instead of the real one."""
    root = tmp_path / "components"
    for name, source in SOURCES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(source)
    monkeypatch.setattr(step_fingerprint, "__file__", str(root / "shared" / "step_fingerprint.py"))
    return root


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        ("step/work.py", True),
        ("step/deep.py", True),
        ("names.py", True),
        ("cycle/a.py", True),
        ("cycle/b.py", True),
        ("step/unrelated.py", False),
        ("shared/step_fingerprint.py", False),
    ],
)
def test_changes_with_every_module_it_reaches_and_no_other(package: Path, changed: str, differs: bool):
    before = code_fingerprint("components.step.work")
    assert before == code_fingerprint("components.step.work")
    (package / changed).write_text(SOURCES[changed] + "# changed\n")
    assert (code_fingerprint("components.step.work") != before) == differs
    (package / changed).write_text(SOURCES[changed])
    assert code_fingerprint("components.step.work") == before


def test_a_module_that_appears_changes_it(package: Path):
    before = code_fingerprint("components.step.work")
    (package / "cycle" / "missing.py").write_text("nothing = 0\n")
    assert code_fingerprint("components.step.work") != before


def test_a_template_of_a_package_changes_it_and_one_of_an_inner_package_does_not(package: Path):
    prints = [code_fingerprint("components.cycle")]
    (package / "cycle" / "templates").mkdir()
    for name, text in (("page.html", "<p>"), ("page.html", "<b>"), ("templates/style.css", "p {}")):
        (package / "cycle" / name).write_text(text)
        prints.append(code_fingerprint("components.cycle"))
    assert len(set(prints)) == 4
    (package / "cycle" / "inner").mkdir()
    (package / "cycle" / "inner" / "__init__.py").write_text("")
    (package / "cycle" / "inner" / "page.html").write_text("<p>")
    assert code_fingerprint("components.cycle") == prints[-1]


def test_a_readme_changes_nothing(package: Path):
    before = code_fingerprint("components.cycle")
    (package / "cycle" / "pages").mkdir()
    for folder in ("cycle", "cycle/pages"):
        (package / folder / "README.md").write_text("# What goes in, what comes out\n")
    assert code_fingerprint("components.cycle") == before
    (package / "cycle" / "pages" / "card.md").write_text("# Another page may be a template\n")
    assert code_fingerprint("components.cycle") != before


@pytest.mark.parametrize("loads", [True, False])
def test_code_that_a_registry_names_counts_for_a_step_that_can_load_it(package: Path, loads: bool):
    (package / "shared" / "registry.py").write_text('NAMES = ["components.step.named:Name", "components.gone:Name"]\n')
    (package / "shared" / "implementations.py").write_text("import components.shared.registry\n")
    (package / "step" / "named.py").write_text("import components.step.deeper\n")
    (package / "step" / "deeper.py").write_text("")
    module = "implementations" if loads else "registry"
    (package / "step" / "work.py").write_text(f"import components.shared.{module}\n")
    prints = [code_fingerprint("components.step.work")]
    for name in ("named", "deeper"):
        with (package / "step" / f"{name}.py").open("a") as file:
            file.write("X = 1\n")
        prints.append(code_fingerprint("components.step.work"))
    assert len(set(prints)) == (3 if loads else 1)


def test_steps_of_different_modules_differ(package: Path):
    assert code_fingerprint("components.step.work") != code_fingerprint("components.step.unrelated")


def test_the_real_steps_are_read_without_importing_them():
    modules = [step.module for step in STEPS.values() if step.module is not None]
    script = (
        "import sys\n"
        "from components.shared.step_fingerprint import code_fingerprints\n"
        "before = set(sys.modules)\n"
        f"prints = set(code_fingerprints({modules!r}).values())\n"
        f"assert len(prints) == {len(set(modules))}\n"
        "not_needed = {'tensorflow', 'tfx', 'keras', 'numpy', 'pyarrow', 'components'}\n"
        "found = {name.partition('.')[0] for name in set(sys.modules) - before} & not_needed\n"
        "assert not found, found\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
