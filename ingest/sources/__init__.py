"""One module per source of deliveries."""
