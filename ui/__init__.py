"""The dashboard; it reaches the service over HTTP only."""
