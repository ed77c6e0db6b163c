"""The forms of what people write: policies, capacity, workloads."""
