"""What every source must keep to: a test class of a new source inherits these."""

from pathlib import Path

import pytest

from ingest.port import Source


class SourceContract:
    """Every source passes this: subclass it and provide ``source``, which has something to say."""

    @pytest.fixture
    def source(self) -> Source:
        """The source under test."""
        raise NotImplementedError

    def test_deliveries_carry_the_name_of_the_source_and_the_version(self, source: Source) -> None:
        """What was asked for as version 7 comes as version 7, in the source's own name."""
        found = list(source.deliveries(7))

        assert found
        assert {(one.source, one.version) for one in found} == {(source.name, 7)}

    def test_asking_twice_gives_the_same_content(self, source: Source) -> None:
        """Nothing changed in between, so the checksums are the same."""
        first = [file.sha256 for one in source.deliveries(1) for file in one.files]
        second = [file.sha256 for one in source.deliveries(2) for file in one.files]

        assert first == second

    def test_there_is_one_delivery_of_a_kind(self, source: Source) -> None:
        """A delivery replaces what was there, so two of one kind would replace each other."""
        kinds = [one.kind for one in source.deliveries(1)]

        assert len(kinds) == len(set(kinds))

    def test_every_file_is_there_and_has_columns(self, source: Source) -> None:
        """A delivered file can be opened under its address and was looked at."""
        for one in source.deliveries(1):
            for file in one.files:
                assert Path(file.uri).stat().st_size == file.size_bytes
                assert file.columns
                assert file.file_id == file.sha256[:16]
