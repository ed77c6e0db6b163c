"""Where the lake's catalog and folder are: addresses, the Iceberg catalog, private folders."""

from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pyiceberg.catalog.sql import SqlCatalog

from warehouse.errors import LakeNotOpen

NAMESPACE = "comptroller"
_SEARCH_PATH = "-csearch_path=lake"
_DRIVER = "postgresql+psycopg://"


def open_catalog(url: str, root: Path) -> SqlCatalog:
    """The Iceberg catalog in schema ``lake``, whose tables a migration has made."""
    return SqlCatalog(
        NAMESPACE,
        uri=_in_lake_schema(url),
        warehouse=str(root),
        init_catalog_tables="false",
        pool_pre_ping="true",
    )


def plain_url(url: str) -> str:
    """The same address for psycopg itself, without the name of SQLAlchemy's driver.

    SQLAlchemy writes a space in the query (of a socket's folder, say) as ``+``, which psycopg
    takes as it stands.

    Raises:
        LakeNotOpen: When the address is not PostgreSQL's.
    """
    if not url.startswith((_DRIVER, "postgresql://")):
        scheme = url.partition("://")[0]
        raise LakeNotOpen(f"the lake's catalog needs a postgresql:// address, not {scheme}://")
    address, mark, query = url.partition("://")[2].partition("?")
    return f"postgresql://{address}{mark}{query.replace('+', '%20')}"


def _in_lake_schema(url: str) -> str:
    parts = urlsplit(plain_url(url))
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    query["options"] = " ".join(filter(None, [query.get("options"), _SEARCH_PATH]))
    address = parts._replace(query=urlencode(query, quote_via=quote))
    return _DRIVER + urlunsplit(address).partition("://")[2]


def local_folder(uri: str) -> Path:
    """The folder of a local lake, given as a path or as a ``file://`` address.

    Raises:
        LakeNotOpen: When the lake lies elsewhere.
    """
    scheme, found, rest = uri.partition("://")
    if found and scheme != "file":
        raise LakeNotOpen(f"the lake must lie in a local folder or at file://, not at {scheme}://")
    return Path(rest if found else uri).expanduser().resolve()


def private_folder(path: Path) -> Path:
    """Make ``path`` and what is missing above it, closed to other users of the machine."""
    for folder in [*reversed(path.parents), path]:
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    path.chmod(0o700)
    return path
