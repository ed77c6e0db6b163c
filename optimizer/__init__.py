"""A library that plans a queue: integers in, a proven plan out."""
