"""Turns samples of what GPUs did into hourly facts, in integer GPU-milliseconds that add up.

Knows neither where samples come from nor where the facts go: NumPy and Arrow only.
"""
