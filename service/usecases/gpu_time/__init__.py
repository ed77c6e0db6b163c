"""What the GPUs did in a period, what it cost, and what would do with less."""
