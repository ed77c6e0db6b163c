"""The registry of pages; the router and the tests read it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageSpec:
    """A page: its file in ``ui/views``, its title and its icon."""

    file: str
    title: str
    icon: str


PAGES = (PageSpec("overview.py", "Overview", ":material/space_dashboard:"),)
