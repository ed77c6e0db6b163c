"""The Iceberg catalog in PostgreSQL, and what addresses and folders of a lake look like."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table
from pyiceberg.typedef import Identifier

from warehouse.errors import LakeNotOpen

NAMESPACE = "comptroller"
_SEARCH_PATH = "-csearch_path=lake"
_DRIVER = "postgresql+psycopg://"
_LOCATION = """SELECT metadata_location FROM iceberg_tables
    WHERE catalog_name = %s AND table_namespace = %s AND table_name = %s"""


class LakeCatalog(SqlCatalog):
    """Keeps what it read of each table: a file of table metadata never changes.

    ``io_properties`` is asked at every read, because credentials expire.
    """

    def __init__(self, io_properties: Callable[[], dict[str, str]], **properties: str) -> None:
        """Open the catalog, whose tables a migration has made."""
        super().__init__(NAMESPACE, **properties)
        self._io_properties = io_properties
        self._known: dict[str, Table] = {}

    def load_table(self, identifier: str | Identifier) -> Table:
        """The table as it is now."""
        self.properties |= self._io_properties()
        name = self.table_name_from(identifier)
        known = self._known.get(name)
        if known is None or known.metadata_location != self._location(name):
            known = self._known[name] = super().load_table(identifier)
        io = self._load_file_io(known.metadata.properties, known.metadata_location)
        return Table(known.name(), known.metadata, known.metadata_location, io, self)

    def _location(self, name: str) -> str | None:
        with self.engine.connect() as connection:
            row = connection.exec_driver_sql(_LOCATION, (self.name, NAMESPACE, name)).first()
            return None if row is None else str(row[0])


def open_catalog(url: str, uri: str, io_properties: Callable[[], dict[str, str]]) -> LakeCatalog:
    """The Iceberg catalog in schema ``lake`` of tables below ``uri``."""
    return LakeCatalog(
        io_properties,
        uri=_in_lake_schema(url),
        warehouse=uri,
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
        raise LakeNotOpen(
            f"the lake must lie in a local folder, at file:// or at s3://, not at {scheme}://"
        )
    return Path(rest if found else uri).expanduser().resolve()


def private_folder(path: Path) -> Path:
    """Make ``path`` and what is missing above it, closed to other users of the machine."""
    for folder in [*reversed(path.parents), path]:
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    path.chmod(0o700)
    return path
