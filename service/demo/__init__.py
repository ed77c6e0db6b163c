"""The invented company: job runs, and the bills and usage that follow from them."""
