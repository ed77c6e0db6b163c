"""Keeps text that people or bills wrote from being run as a formula by a spreadsheet."""

_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet begins a formula at; in some languages also in full width."""

_ALWAYS = ("'", "\t", "\r", "\n")


def neutral(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet might run.

    A text that begins with an apostrophe gets another one, so that whoever takes one apostrophe
    away from the beginning of a cell has the original again, always.
    """
    runs = text.startswith(_ALWAYS) or text.lstrip().startswith(_STARTS)
    return f"'{text}" if runs else text
