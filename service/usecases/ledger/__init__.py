"""The books of a period: posting, correcting, closing, verifying, reconciling, telling."""
