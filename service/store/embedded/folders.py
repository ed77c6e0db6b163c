"""Folders that nobody else may enter, made without widening the mode of anything that exists."""

import json
import os
import stat
import tempfile
from pathlib import Path

from service.errors import InputError, UnavailableError

_PRIVATE = 0o700
_PASS_THROUGH = 0o711
_UNQUOTABLE = frozenset('"$`\\\n')  # pg_ctl puts paths between double quotes of a shell.
_SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES = 100  # The kernel's limit is 107 bytes on Linux and 103 on macOS.


def open_to_all(path: Path) -> bool:
    """Whether every user may enter ``path`` and each folder above it."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


def prepare_data_dir(data_dir: Path) -> Path:
    """Make the data folder if it is missing, private to us, and return it resolved.

    A server that root starts runs under an account of its own, which has to pass through: then a
    folder that we make can be entered (0711) but not listed, and all that lies in it is 0700.
    A folder that exists keeps its mode.
    """
    data_dir = data_dir.expanduser().resolve()
    if not _UNQUOTABLE.isdisjoint(str(data_dir)):
        raise InputError(f'the data folder {data_dir!s} must not have ", $, ` or \\ in its path')
    try:
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        passed_through = os.geteuid() == 0 and open_to_all(data_dir.parent)
        private_folder(data_dir, mode=_PASS_THROUGH if passed_through else _PRIVATE)
    except OSError as error:
        raise UnavailableError(
            f"the data folder {data_dir} cannot be made: {error.strerror}; "
            "COMPTROLLER_DATA_DIR names another one"
        ) from error
    return data_dir


def private_folder(path: Path, *, mode: int = _PRIVATE) -> Path:
    """Make ``path`` with exactly ``mode``, whatever the umask; leave it alone if it exists."""
    try:
        path.mkdir(mode=_PRIVATE)
    except FileExistsError:
        if not path.is_dir():
            raise
        return path
    path.chmod(mode)
    return path


def write_private(path: Path, content: object) -> None:
    """Replace the JSON file ``path`` in one step; only its owner may read it."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=2)
    draft.replace(path)


def socket_folder(data_dir: Path, known: Path | None, uid: int, gid: int) -> Path:
    """Find the folder of the server's socket: ``run`` in the data folder, if its path is short.

    The path of a socket is limited to about a hundred bytes, so a deep data folder gets a folder
    with a random name below the temporary folder; ``known`` is the one it had before.
    """
    folder = data_dir / "run"
    if _fits(folder):
        private_folder(folder)
    elif known is not None and _is_private_to(known, uid):
        return known
    else:
        folder = _temporary_folder()
    os.chown(folder, uid, gid)
    return folder


def _temporary_folder() -> Path:
    for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 -- mkdtemp below makes it private
        if _fits(Path(parent) / "comptroller-12345678"):
            return Path(tempfile.mkdtemp(prefix="comptroller-", dir=parent))
    raise UnavailableError("no folder has a path short enough for the server's socket")


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / _SOCKET)) <= _SOCKET_PATH_BYTES


def _is_private_to(folder: Path, uid: int) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == uid
        and stat.S_IMODE(found.st_mode) == _PRIVATE
    )
