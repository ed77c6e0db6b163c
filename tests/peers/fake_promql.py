"""As much of PromQL as the questions about kube-state-metrics need, over samples in memory."""

import re
from collections.abc import Callable, Iterable, Iterator

Labels = dict[str, str]
Samples = list[tuple[int, float]]
Chosen = Callable[[str], Iterable[tuple[Labels, Samples]]]
Vector = list[tuple[Labels, float]]

_JOINED = re.compile(r"(?P<what>.+) and on \((?P<on>[^()]+)\) \((?P<one>.+) or (?P<other>.+)\)")
_OVER = re.compile(r"(?P<which>max|min)_over_time\((?P<inner>.+)\[(?P<length>\d+)ms(:\d+ms)?\]\)")
_SO = re.compile(r"\(timestamp\((?P<selector>.+)\) and (?P=selector) == 1\)")
_WHEN = re.compile(r"timestamp\((?P<selector>.+)\)")
_ALL = re.compile(r"max\((?P<inner>max_over_time\(.+\))\)")


def answer(query: str, at: int, chosen: Chosen) -> Vector | None:
    """Return the vector of a question; ``None`` where it is of another form."""
    if joined := _JOINED.fullmatch(query):
        names = joined["on"].split(", ")
        asked = [*_over(joined["one"], at, chosen), *_over(joined["other"], at, chosen)]
        there = {_part(labels, names) for labels, _ in asked}
        found = _over(joined["what"], at, chosen)
        return [one for one in found if _part(one[0], names) in there]
    if every := _ALL.fullmatch(query):
        values = [value for _, value in _over(every["inner"], at, chosen)]
        return [({}, max(values))] if values else []
    return _over(query, at, chosen) if _OVER.fullmatch(query) else None


def _part(labels: Labels, names: list[str]) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in names)


def _over(query: str, at: int, chosen: Chosen) -> Vector:
    asked = _OVER.fullmatch(query)
    assert asked, query
    which = max if asked["which"] == "max" else min
    found = ((labels, list(values)) for labels, values in _values(asked, at, chosen))
    return [(_unnamed(labels), which(values)) for labels, values in found if values]


def _values(
    asked: re.Match[str], at: int, chosen: Chosen
) -> Iterator[tuple[Labels, Iterator[float]]]:
    """Yield the values of each series in the time before ``at``, or when it was sampled."""
    begin = at - int(asked["length"])
    so, when = _SO.fullmatch(asked["inner"]), _WHEN.fullmatch(asked["inner"])
    selector = (so or when or {"selector": asked["inner"]})["selector"]
    for labels, samples in chosen(selector):
        within = [(then, value) for then, value in samples if begin <= then <= at]
        if so:
            yield labels, (then / 1000 for then, value in within if value == 1)
        elif when:
            yield labels, (then / 1000 for then, _ in within)
        else:
            yield labels, (value for _, value in within)


def _unnamed(labels: Labels) -> Labels:
    return {name: value for name, value in labels.items() if name != "__name__"}
