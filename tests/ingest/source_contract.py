"""What every source must keep to: a test class of a new source inherits these."""

from pathlib import Path

import pytest

from ingest.port import Announcement, Delivery, Source


class SourceContract:
    """Every source passes this: subclass it with a fixture ``source`` that has something to say."""

    @pytest.fixture
    def announced(self, source: Source) -> list[Announcement]:
        """What it has, to somebody who holds nothing yet."""
        return list(source.announced({}))

    @pytest.fixture
    def delivered(
        self, source: Source, announced: list[Announcement], tmp_path: Path
    ) -> list[Delivery]:
        """All of it, fetched as version 7, each into a folder of its own."""
        return [self._fetched(source, one, tmp_path / f"at-{n}") for n, one in enumerate(announced)]

    @staticmethod
    def _fetched(source: Source, one: Announcement, folder: Path) -> Delivery:
        folder.mkdir()
        return source.fetch(one, folder, 7)

    def test_a_delivery_is_of_the_source_and_of_what_was_announced(
        self, source: Source, announced: list[Announcement], delivered: list[Delivery]
    ) -> None:
        """Name, kind, period and mark are those announced; the version is, or else is 7."""
        assert announced
        for one, delivery in zip(announced, delivered, strict=True):
            assert (delivery.source, delivery.kind) == (source.name, one.kind)
            assert (delivery.period, delivery.mark) == (one.period, one.mark)
            assert delivery.version == (7 if one.version is None else one.version)

    def test_fetching_twice_gives_the_same_content(
        self,
        source: Source,
        announced: list[Announcement],
        delivered: list[Delivery],
        tmp_path: Path,
    ) -> None:
        """Nothing changed in between, so the checksums are the same."""
        again = [
            self._fetched(source, one, tmp_path / f"again-{n}") for n, one in enumerate(announced)
        ]

        assert [[file.sha256 for file in one.files] for one in again] == [
            [file.sha256 for file in one.files] for one in delivered
        ]

    def test_nothing_is_announced_twice(self, announced: list[Announcement]) -> None:
        """A delivery replaces what was there, so two of one kind and period would fight."""
        places = [(one.kind, one.period) for one in announced]

        assert len(places) == len(set(places))

    def test_every_file_is_there_and_has_columns(self, delivered: list[Delivery]) -> None:
        """A delivered file can be opened under its address and was looked at."""
        for one in delivered:
            for file in one.files:
                assert Path(file.uri).stat().st_size == file.size_bytes
                assert file.columns
                assert file.file_id == file.sha256[:16]

    def test_a_source_that_has_something_lacks_nothing(self, source: Source) -> None:
        """What can be fetched passes every check, and every check says what it is about."""
        found = source.check()

        assert found
        assert [one for one in found if not one.passed] == []
        assert all(one.what for one in found)
