"""One file per verb phrase."""
