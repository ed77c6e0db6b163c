"""One port, many sources of deliveries: bills, prices, GPU usage, job runs."""
