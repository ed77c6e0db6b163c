"""Writes what teams and accountants take away: statements and journal entries as files."""
