"""Checks that migrations and models describe the same schema."""

import tempfile
from pathlib import Path

from service.store.embedded import EmbeddedServer
from service.store.migrate import model_differences, upgrade

_THROW_AWAY = {"fsync": "off"}


def differences_on_a_new_server() -> list[str]:
    """Upgrade an empty database on a server of its own and list what the models say otherwise."""
    with tempfile.TemporaryDirectory(prefix="comptroller-") as folder:
        server = EmbeddedServer(Path(folder) / "data", settings=_THROW_AWAY)
        try:
            logins = server.start()
            upgrade(logins.owner, logins.app)
            return [str(difference) for difference in model_differences(logins.owner)]
        finally:
            server.stop()
