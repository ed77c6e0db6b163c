"""Opens the place of a lake: a folder of this machine or a bucket."""

from pathlib import Path

from warehouse.catalog import local_folder, private_folder
from warehouse.errors import LakeNotOpen
from warehouse.storage import LocalStorage, Storage


def open_storage(
    uri: str, staging: Path | None, endpoint: str | None, region: str | None
) -> Storage:
    """Open the folder or bucket ``uri``; only a bucket needs ``staging``, a local folder.

    Raises:
        LakeNotOpen: When it is of another kind, or the bucket cannot be used.
    """
    if not uri.startswith("s3://"):
        return LocalStorage(private_folder(local_folder(uri)))
    if staging is None:
        raise LakeNotOpen(f"a lake at {uri} needs a local folder for what is being written")
    # The client for S3 takes a while to import, and lakes in folders do without.
    from warehouse.storage_s3 import open_bucket

    return open_bucket(uri, staging, endpoint, region)
