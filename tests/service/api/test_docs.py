"""The page about the API keeps up with the API."""

from pathlib import Path

import pytest

from service import errors
from service.api.app import ROUTERS
from service.domain.access import Scope
from service.errors import ComptrollerError

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
CODES = {
    kind.code
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ComptrollerError)
}


@pytest.mark.parametrize("code", sorted(CODES | {"too-large", "method-not-allowed"}))
def test_every_code_is_explained(code: str) -> None:
    """Whoever meets a code finds what to do."""
    assert f"`{code}`" in PAGE


@pytest.mark.parametrize("scope", Scope)
def test_every_scope_is_explained(scope: str) -> None:
    """Whoever makes a token finds what it allows."""
    assert f"| `{scope}` |" in PAGE


def test_every_route_is_listed() -> None:
    """Method and path of each, as in the table."""
    for router in ROUTERS:
        for route in router.routes:
            (method,) = getattr(route, "methods", None) or {""}
            assert f"`{method} {getattr(route, 'path', '')}" in PAGE
