"""What leaves through the door, one module per resource."""
