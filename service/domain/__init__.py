"""Pure rules of money, periods and allocation; the standard library only."""
