"""What people and machines decide, in PostgreSQL; the only SQLAlchemy."""
