"""Addresses and folders of the lake."""

import stat
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL

from warehouse.catalog import _in_lake_schema, local_folder, plain_url, private_folder
from warehouse.errors import LakeNotOpen


def test_the_catalog_works_in_schema_lake_and_keeps_other_options() -> None:
    """The search path joins options that are there; the password stays encoded."""
    url = "postgresql+psycopg://app:p%40ss@db:5432/main?sslmode=require&options=-cstatement_timeout%3D9"

    found = _in_lake_schema(url)

    assert found == (
        "postgresql+psycopg://app:p%40ss@db:5432/main?sslmode=require"
        "&options=-cstatement_timeout%3D9%20-csearch_path%3Dlake"
    )


def test_a_socket_address_stays_one() -> None:
    """An embedded server has a folder instead of a host name."""
    found = _in_lake_schema("postgresql://app@/main?host=/var/run/pg")

    assert (
        found
        == "postgresql+psycopg://app@/main?host=%2Fvar%2Frun%2Fpg&options=-csearch_path%3Dlake"
    )


def test_psycopg_gets_the_address_without_the_driver() -> None:
    """SQLAlchemy's driver name is its own."""
    assert plain_url("postgresql+psycopg://a@h/d") == "postgresql://a@h/d"


def test_a_space_in_the_folder_of_the_socket_is_one_for_psycopg_too() -> None:
    """SQLAlchemy writes it as +, psycopg reads %20 only; a + of a password is one."""
    url = URL.create("postgresql+psycopg", "u", "p+w", query={"host": "/a b/c+d"})

    found = conninfo_to_dict(plain_url(url.render_as_string(hide_password=False)))

    assert found == {"user": "u", "password": "p+w", "host": "/a b/c+d"}


def test_only_postgresql_holds_the_catalog() -> None:
    """The error says which kind of address is needed."""
    with pytest.raises(LakeNotOpen, match="needs a postgresql:// address, not sqlite://"):
        plain_url("sqlite:///lake.db")


def test_a_lake_is_a_local_folder(tmp_path: Path) -> None:
    """As a path or as a file address; links are followed, so that a file has one name."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    assert local_folder(f"file://{tmp_path}/link") == tmp_path / "real"
    assert local_folder(str(tmp_path / "new")) == tmp_path / "new"
    with pytest.raises(LakeNotOpen, match="local folder, at file:// or at s3://, not at gs://"):
        local_folder("gs://bucket/lake")


def test_a_private_folder_is_closed_to_others_also_if_it_was_there(tmp_path: Path) -> None:
    """Mode 0700 for what is made, and for the folder itself if it was open."""
    (tmp_path / "open").mkdir(mode=0o755)

    made = private_folder(tmp_path / "a" / "b")
    closed = private_folder(tmp_path / "open")

    modes = [stat.S_IMODE(folder.stat().st_mode) for folder in (made, made.parent, closed)]
    assert modes == [0o700, 0o700, 0o700]
