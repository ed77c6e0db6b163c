"""Tells who bears each origin that is split, once all of it was passed on."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from service.domain.allocation import Costs, pass_on
from service.domain.money import SCALE, Money, apportion
from service.domain.pools import UNALLOCATED
from service.domain.posting_rules import bearer
from service.usecases.allocation_table import COSTS, MONEY, costs_in
from service.usecases.distribute_costs import shares_by_currency

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from service.domain.policy import Policy
    from service.domain.pools import Shares

WHOLE = 10**18
"""How many parts of an origin there are; so fine that quantities follow their costs."""

_ENOUGH = 10**SCALE
"""A cost of at least one unit of its currency tells its parts more exactly than ratios do."""

_STRINGS_BEFORE = ("provider", "account", "service", "sku", "charge_category", "commitment_status")
_STRINGS_AFTER = ("currency", "invoice_issuer", "invoice", "commitment", "accelerator_model")
_KEYS = (
    ("owner", pa.string()),
    ("pool", pa.string()),
    ("charge_day", pa.date32()),
    ("charge_days", pa.int32()),
    *((name, pa.string()) for name in (*_STRINGS_BEFORE, *_STRINGS_AFTER)),
    ("contracted_known", pa.bool_()),
    ("list_known", pa.bool_()),
)
_ORIGIN = pa.schema([("origin", pa.int64()), *_KEYS, ("method", pa.string())])
_PIECE = pa.schema(
    [
        ("origin", pa.int64()),
        ("place", pa.int32()),
        *((n, pa.string()) for n in ("team", "line", "resource", "resource_name", "tags")),
        ("elements", pa.string()),
        ("reach", pa.int64()),
        *((name, MONEY) for name in ("billed", "effective", "contracted", "list")),
    ]
)

_Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one team bears on one line by one step; ``methods`` are all steps that led to it."""

    team: str
    line: str
    costs: Costs
    ratio: Decimal
    methods: tuple[str, ...]
    passed_by: str | None = None


def split_pieces(rows: pa.Table, policy: Policy) -> dict[str, pa.Table]:
    """Return the relations ``origin`` and ``piece`` of an allocation by ``policy``.

    An origin is there if a pool shares it or a team passed it on. Nobody has a negative piece: who
    passed its cost on has none.
    """
    passing = pa.array([one.team for one in policy.distributions], pa.string())
    base = rows.filter(pc.is_null(rows["distributed_from"]))
    split = pc.or_(pc.is_valid(base["pool"]), pc.is_in(base["team"], passing))
    origins = _origins(base.filter(split))
    for place, one in enumerate(policy.distributions):
        before = {earlier.team for earlier in policy.distributions[:place]}
        told = pc.is_in(rows["distributed_from"], pa.array(sorted(before), pa.string()))
        borne = rows.filter(pc.or_(pc.is_null(rows["distributed_from"]), told))
        by_currency = shares_by_currency(one, borne, policy, before)
        for key, pieces in origins.items():
            shares = by_currency[key[_CURRENCY]]
            if shares is not None:
                origins[key] = list(_passed(pieces, one.team, shares))
    return _tables({key: found for key, found in origins.items() if _is_split(key, found)})


_CURRENCY = [name for name, _ in _KEYS].index("currency")
_POOL = [name for name, _ in _KEYS].index("pool")


def _origins(rows: pa.Table) -> dict[_Key, list[_Piece]]:
    names = ("team", "line", "method_id", "allocated_ratio")
    inherited = [name for name, _ in _KEYS[1:-2]]
    found: defaultdict[_Key, list[_Piece]] = defaultdict(list)
    for costs, (team, line, method, ratio, *rest) in costs_in(rows, *names, *inherited):
        owner = team if rest[0] is None else None
        key = (owner, *rest, costs.contracted is not None, costs.list is not None)
        found[key].append(_Piece(team, line, costs, ratio, (method,)))
    return dict(found)


def _passed(pieces: Iterable[_Piece], team: str, shares: Shares) -> Iterator[_Piece]:
    for piece in pieces:
        if piece.team != team:
            yield piece
            continue
        _, *received = pass_on(team, piece.costs, piece.ratio, shares)
        for part in received:
            methods = (*piece.methods, str(part.method))
            yield _Piece(part.team, part.line, part.costs, part.ratio, methods, team)


def _is_split(key: _Key, pieces: list[_Piece]) -> bool:
    return key[_POOL] is not None or any(piece.passed_by for piece in pieces)


def _tables(origins: Mapping[_Key, list[_Piece]]) -> dict[str, pa.Table]:
    keys: list[tuple[Any, ...]] = []
    rows: list[tuple[Any, ...]] = []
    for number, (key, pieces) in enumerate(origins.items()):
        keys.append((number, *key, _method(pieces)))
        rows += _rows(number, pieces)
    return {"origin": _table(_ORIGIN, keys), "piece": _table(_PIECE, rows)}


def _table(schema: pa.Schema, rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    arrays = [pa.array(list(c), f.type) for c, f in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _method(pieces: Iterable[_Piece]) -> str:
    """Return the one method of an origin: all steps of its pieces, in order."""
    return "+".join(dict.fromkeys(step for piece in pieces for step in piece.methods))


def _rows(number: int, pieces: Iterable[_Piece]) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each who bears something of an origin, with what all up to it bear."""
    borne: defaultdict[tuple[str, str], list[_Piece]] = defaultdict(list)
    for piece in pieces:
        borne[piece.team, piece.line].append(piece)
    order = sorted(borne)
    parts = [[_sum(borne[key], name) for key in order] for name in COSTS]
    ratios = [sum((piece.ratio for piece in borne[key]), Decimal(0)) for key in order]
    reaches = accumulate(_fractions(parts, ratios))
    upto = [list(accumulate(column)) if None not in column else column for column in parts]
    for place, (key, reach) in enumerate(zip(order, reaches, strict=True)):
        amounts = (_decimal(column[place]) for column in upto)
        elements = "[" + ",".join(map(_element, borne[key])) + "]"
        yield (number, place, *key, *_named(*key), elements, reach, *amounts)


def _fractions(parts: list[list[int | None]], ratios: list[Decimal]) -> list[int]:
    """Return the fraction of each who bears something, of ``WHOLE``: by the largest cost."""
    known = [[part or 0 for part in column] for column in parts]
    largest = max(known, key=lambda column: abs(sum(column)))
    by_cost = abs(sum(largest)) >= _ENOUGH
    weights = [abs(part) for part in largest] if by_cost else [int(r.scaleb(SCALE)) for r in ratios]
    found = apportion(WHOLE, dict(enumerate(weights)))
    return [found[place] for place in range(len(weights))]


def _sum(pieces: Iterable[_Piece], cost: str) -> int | None:
    amounts = [getattr(piece.costs, cost.removesuffix("_cost")) for piece in pieces]
    known = [amount.pico for amount in amounts if amount is not None]
    return sum(known) if known else None


def _decimal(pico: int | None) -> Decimal | None:
    return None if pico is None else Money(pico, "").decimal


def _named(team: str, line: str) -> tuple[str | None, str | None, str | None]:
    """Return id, name and tags of who bears it; what nobody bears has none, as FOCUS wants it."""
    if team == UNALLOCATED:
        return None, None, None
    account = bearer(line, team)
    tags = {"comptroller/team": team, "comptroller/line": line}
    return str(account), team, json.dumps(tags, ensure_ascii=False)


def _element(piece: _Piece) -> str:
    """Write one way in which cost came here; the ratio is a number of all its digits."""
    ratio = f"{piece.ratio:f}"
    told = {"x_MethodId": piece.methods[-1]}
    if piece.passed_by:
        told["x_DistributedFrom"] = piece.passed_by
    rest = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return f'{{"AllocatedRatio":{ratio},{rest[1:]}'
