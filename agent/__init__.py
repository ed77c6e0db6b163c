"""What runs beside the GPUs and knows the service by HTTP only."""
