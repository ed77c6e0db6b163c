"""The application: domain, store, use cases, API, jobs and command line."""
