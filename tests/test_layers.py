"""A module imports only from what stands before it: the tree shows the flow, and imports never run against it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "dedup"
# Left to right; names are modules, or folders whose modules may import one another.
ORDER = """
    errors config tables folder jsonlines memory work cache documents pages fingerprints matches reuse repeats reasons
    templates decide comparison bounds paged collect assemble labelling shared rawtexts kin templated shape composition
    valuetables save result columns stages batch pair console cli __main__
""".split()
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def room(name: str) -> str:
    """The entry of `ORDER` a dotted module name belongs to."""
    return name.split(".")[1]


def imports(path: Path) -> set[str]:
    """Every module of the package that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("dedup"):
            found |= {f"{node.module}.{alias.name}" if node.module == "dedup" else node.module for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("dedup.")}
    return found


def name_of(path: Path) -> str:
    return ".".join(("dedup", *path.relative_to(PACKAGE).with_suffix("").parts))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports__go_from_right_to_left(path: Path) -> None:
    place = ORDER.index(room(name_of(path)))
    for imported in imports(path):
        assert ORDER.index(room(imported)) <= place, f"{name_of(path)} imports {imported}"


@pytest.mark.parametrize("path", [p for p in MODULES if p.name == "kernels.py"], ids=name_of)
def test_kernels__import_only_numpy_and_numba(path: Path) -> None:
    """numba's cache does not notice an edit in another file and would silently run the old code."""
    lines = re.findall(r"^(?:from|import) (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(lines) == {"numpy", "numba"}


def test_numba__appears_in_kernels_only() -> None:
    users = {name_of(p) for p in MODULES if re.search(r"^\s*(from|import) numba", p.read_text("utf-8"), re.MULTILINE)}
    assert all(name.endswith(".kernels") for name in users)


def test_print__appears_in_console_only() -> None:
    users = {name_of(p) for p in MODULES if re.search(r"\bprint\(", p.read_text("utf-8"))}
    assert users == {"dedup.console"}


def test_kernels__never_run_threads_of_their_own() -> None:
    """numba's thread layers kill a process that forks, or abort under two threads; the drivers split the rows."""
    for path in PACKAGE.rglob("kernels.py"):
        source = path.read_text("utf-8")
        assert "parallel=True" not in source and "prange" not in source


@pytest.mark.parametrize("folder", [p for p in PACKAGE.iterdir() if (p / "kernels.py").exists()], ids=lambda p: p.name)
def test_kernels__that_stand_in_several_files_of_a_room_are_copies(folder: Path) -> None:
    """A kernel calls only those of its own file, so small ones are copied: they must not drift apart."""
    known: dict[str, str] = {}
    for path in sorted(folder.rglob("kernels.py")):
        source = path.read_text("utf-8")
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef):
                text = ast.get_source_segment(source, node) or ""
                assert known.setdefault(node.name, text) == text, f"{node.name} in {path}"
