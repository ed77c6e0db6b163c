"""Alembic's environment and revisions; the only way the schema comes to be."""
