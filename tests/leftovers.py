"""What a process left in a home and a temporary folder that were empty when it began."""

from pathlib import Path


def leftovers(home: Path, temporary: Path) -> list[str]:
    """Everything but Keras's settings and the bytecode of AutoGraph.

    AutoGraph of TensorFlow 2.21.0 writes the functions it makes to the temporary folder as Python files and
    removes those at exit, but not the bytecode that Python puts beside them unless PYTHONDONTWRITEBYTECODE is set.
    """
    found = [f"home/{entry.name}" for entry in home.iterdir() if entry.name != ".keras"]
    for path in temporary.rglob("*"):
        generated = path.parent.name == "__pycache__" and path.name.startswith("__autograph_generated_file")
        if not generated and path != temporary / "__pycache__":
            found.append(f"temporary/{path.relative_to(temporary)}")
    return found
