"""The limits that the house keeps: sizes, owners of packages, the lock file, the first steps."""

import ast
import re
import tomllib
from importlib.metadata import Distribution, distributions
from pathlib import Path
from statistics import median

import pytest

from tests.docs_examples import ROOT

PACKAGES = ("service", "optimizer", "ingest", "warehouse", "ui", "agent", "migrations")
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
LONGEST_MODULE, LONGEST_FUNCTION, MEDIAN_MODULE = 500, 50, 120
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def lines_of(path: Path) -> int:
    """Return how many lines a module has."""
    return len(path.read_text(encoding="utf-8").splitlines())


def owns(distribution: Distribution, package: str) -> bool:
    """Say whether an installed distribution brings a package, copied or by a path to it."""
    for file in distribution.files or ():
        if file.parts[0] == package:
            return True
        if file.suffix == ".pth" and len(file.parts) == 1:
            places = Path(str(file.locate())).read_text(encoding="utf-8").splitlines()
            if any((Path(place) / package / "__init__.py").exists() for place in places):
                return True
    return False


def test_packages_are_those_of_the_wheel() -> None:
    """What is limited here is what is built."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    built = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert set(built) == set(PACKAGES)


def test_no_module_is_too_long() -> None:
    """500 lines at most."""
    sizes = {str(path.relative_to(ROOT)): lines_of(path) for path in MODULES}

    assert {name: size for name, size in sizes.items() if size > LONGEST_MODULE} == {}


def test_the_usual_module_is_short() -> None:
    """Half of the modules have 120 lines or fewer."""
    assert median(map(lines_of, MODULES)) <= MEDIAN_MODULE


def test_no_function_is_too_long() -> None:
    """50 lines at most, signature and docstring included."""
    sizes = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    }

    assert {name: size for name, size in sizes.items() if size > LONGEST_FUNCTION} == {}


def test_each_package_has_one_owner() -> None:
    """The names are general; another distribution with one of them would overwrite ours."""
    installed = list(distributions())

    owners = {name: {one.name for one in installed if owns(one, name)} for name in PACKAGES}

    assert owners == {name: {"comptroller"} for name in PACKAGES}


def test_the_lock_file_names_no_index() -> None:
    """Where packages come from is the business of the machine that installs them."""
    assert re.findall(r"\w+://\S+|^\s*--(?!hash)\S+", LOCK, re.MULTILINE) == []


def test_every_requirement_is_pinned_with_hashes() -> None:
    """``name==version`` and one or more of ``--hash=sha256:...``."""
    entries = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"^\s*#.*\n", "", LOCK, flags=re.MULTILINE))
    pinned = re.compile(
        r"[\w.\-\[\]]+==[^\s;]+( ;[^\\\n]+)? \\\n(\s+--hash=sha256:[0-9a-f]{64}[ \\]*\n?)+"
    )

    assert [entry.split()[0] for entry in entries if not pinned.fullmatch(entry)] == []


@pytest.mark.parametrize("number", [0, 1])
def test_the_first_commands_of_the_readme_can_be_given(number: int) -> None:
    """``make demo`` and ``make test`` are targets of the Makefile."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (first, *_) = re.findall(r"^```\w*\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)

    command, target = first.splitlines()[number].split()[:2]

    assert command == "make"
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
