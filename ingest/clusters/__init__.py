"""What every source that tells of a Kubernetes cluster shares: its words and its machines."""
