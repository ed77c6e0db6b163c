"""Questions to PostgreSQL and what is added to it; domain values in, domain values out."""
