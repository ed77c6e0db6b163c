"""The PostgreSQL server that Comptroller brings along for machines that have none."""

from service.store.embedded.server import EmbeddedServer, ServerStatus

__all__ = ["EmbeddedServer", "ServerStatus"]
