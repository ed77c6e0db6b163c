"""What every source that asks a Prometheus shares: how it is reached, asked and understood."""
