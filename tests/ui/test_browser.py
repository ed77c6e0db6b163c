"""The real dashboard, over a real API, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from service.bootstrap import Wiring
from service.config import Settings
from service.store.roles import Logins
from tests.service.api.house import a_secret, furnish
from tests.service.cli.serving import point_to, running

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE_MS = 60_000

pytestmark = [
    pytest.mark.needs_browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's package chromium"),
]


@pytest.fixture
def settings(database: Logins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return settings of the test's own database and lake, with free ports."""
    return point_to(database, tmp_path, monkeypatch)


@pytest.fixture
def page() -> Iterator[Page]:
    """Return an empty tab; chromium's sandbox does not work for root in a container."""
    flags = ["--no-sandbox", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        tab = browser.new_page(viewport={"width": 1440, "height": 1600})
        tab.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield tab
        browser.close()


def test_a_team_lead_signs_in_and_sees_the_cost_of_the_team(
    page: Page, settings: Settings, wiring: Wiring, tmp_path: Path
) -> None:
    """Vision's October is 100 USD, its part of the plan 7, and nlp is nowhere on the page."""
    furnish(wiring, tmp_path)
    secret = a_secret(wiring, "vision")

    with running("up", "Ctrl-C ends all three.\n"):
        page.goto(f"http://127.0.0.1:{settings.ui_port}")
        page.get_by_label("Token").fill(secret)
        page.get_by_role("button", name="Sign in").click()
        metrics = page.get_by_test_id("stMetric")
        expect(metrics.filter(has_text="Effective cost")).to_contain_text("100.00")
        expect(metrics.filter(has_text="Spend")).to_contain_text("7.00")
        expect(page.get_by_test_id("stVegaLiteChart")).to_be_visible()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        shown, address = page.content(), page.url

    assert "nlp" not in shown
    assert secret not in address
    assert secret not in shown
