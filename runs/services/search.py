"""Finding threads: by id, metadata, values and status, in pages.

Row-level security keeps containment (`@>`) away from indexes, and the planner guesses a tenant's rows from those of all tenants. So the
statements that look inside metadata or values have their plan written into their shape, and read as few rows as they can:

* a page without such a filter is read along an index;
* given ids, and ids that `thread_metadata` has for a rare pair, are looked up one by one and sorted;
* for common pairs the newest rows are looked through first: most pages are full there. If not, what all pairs have is looked up;
* filters that no pair covers (values, nested metadata) go on through all the tenant's threads in the order asked for.
"""

from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import Func, Value

from runs.lifecycle.thread_metadata import index_pairs
from runs.lifecycle.transitions import text
from runs.models import Thread
from runs.models.thread import ThreadQuerySet
from runs.wire.threads import FoundThread, ThreadSearch
from tenants.actors import Actor
from tenants.database.fields import JsonField
from tenants.models import Json
from tenants.policy import Permission, require

MOST_INDEXED = 4  # beyond, more look-ups cost more than they leave out; unbounded, one request could keep a thread busy for minutes
RARE = 500
NEWEST = 2000
LARGE = ("values", "interrupts", "config", "metadata", "error")

IDS = "select distinct unnest(%(ids)s::uuid[]) as thread_id"
PAIR = "select thread_id from thread_metadata where tenant_id = %(tenant)s and key = %(key{n})s and value = %(value{n})s"
HOW_MANY = "(select count(*) from ({pair} limit {most}) p)"
# `offset 0` keeps the planner from turning the look-ups into a join with all rows of the table.
LOOKED_UP = """
  select t.* from ({source}) p
   cross join lateral (
     select {columns} from thread t where t.tenant_id = %(tenant)s and t.thread_id = p.thread_id and {filters} offset 0) t"""
PAGE_OF_LOOKED_UP = """
with t as materialized ({looked_up}) select t.thread_id from t order by {order} limit %(limit)s offset %(offset)s"""
PAGE_OF_NEWEST = """
select t.thread_id from (
  select {columns}, t.metadata, t."values" from thread t where t.tenant_id = %(tenant)s and {outside} order by {order} limit %(newest)s) t
 where {inside} order by {order} limit %(limit)s offset %(offset)s"""
COUNT_OF_LOOKED_UP = "select count(*) from ({looked_up}) found"
# The index alone: it has the pairs of ended stateless threads, too, until a sweep deletes these.
COUNT_OF_PAIRS = """
select (select count(*) from ({source}) p) - (
  select count(*) from thread t where t.tenant_id = %(tenant)s and t.ended_at is not null and t.metadata @> %(metadata)s::jsonb)"""


def search_threads(*, actor: Actor, request: ThreadSearch) -> list[FoundThread]:
    """A page of the tenant's threads, and one more if there are more; only the columns and parts asked for are read."""
    require(actor, Permission.THREAD_READ)
    threads = Thread.objects.for_tenant(actor.tenant_id)
    if request.ids is None and not request.metadata and not request.values:
        order = [f"-{column}" if descending else column for column, descending in _order(request)]
        return _read(_plain(threads, request).order_by(*order)[request.offset : request.offset + request.limit + 1], request)
    names = _page(actor, request)
    rows = {found.thread.thread_id: found for found in _read(threads.filter(thread_id__in=names), request)}
    return [rows[name] for name in names if name in rows]  # one may have been deleted meanwhile


def count_threads(*, actor: Actor, request: ThreadSearch) -> int:
    """How many threads match; reads index entries of all that match, or all threads where no index knows the filter."""
    require(actor, Permission.THREAD_READ)
    pairs = _pairs(request)
    if request.ids is not None or pairs:
        parameters = _parameters(actor, request, pairs)
        ((count,),) = _asked(_count_of(request, pairs, parameters), parameters)
        return int(count)
    found = _plain(Thread.objects.for_tenant(actor.tenant_id), request)
    if request.metadata:
        found = found.filter(metadata__contains=request.metadata)
    if request.values:
        found = found.filter(values__contains=request.values)
    return found.count()


def _count_of(request: ThreadSearch, pairs: list[tuple[str, str]], parameters: Json) -> str:
    """The statement that counts given ids, or what the pairs have."""
    if request.ids is not None:
        source = IDS
    elif (rare := _rarest(pairs, parameters)) is not None:
        source = PAIR.format(n=rare)
    elif len(pairs) == len(request.metadata) and request.status is None and not request.values:
        return COUNT_OF_PAIRS.format(source=_all(pairs))
    else:
        source = _all(pairs)
    return COUNT_OF_LOOKED_UP.format(looked_up=_looked_up(request, source))


def _page(actor: Actor, request: ThreadSearch) -> list[UUID]:
    """Ids of the page's threads, in order."""
    pairs = _pairs(request)
    parameters = _parameters(actor, request, pairs)
    if request.ids is not None:
        return _ids(_page_of(request, IDS), parameters)
    if (rare := _rarest(pairs, parameters)) is not None:
        return _ids(_page_of(request, PAIR.format(n=rare)), parameters)
    names = _ids(_page_of_newest(request), parameters)
    if len(names) > request.limit:
        return names
    if pairs:
        return _ids(_page_of(request, _all(pairs)), parameters)
    return _ids(_page_of_newest(request), parameters | {"newest": None})


def _rarest(pairs: list[tuple[str, str]], parameters: Json) -> int | None:
    """The number of the pair that the fewest threads have; None without pairs, and if all are common."""
    if not pairs:
        return None
    counts = ", ".join(HOW_MANY.format(pair=PAIR.format(n=n), most=RARE + 1) for n in range(len(pairs)))
    ((*found,),) = _asked(f"select {counts}", parameters)
    return found.index(min(found)) if min(found) <= RARE else None


def _read(rows: ThreadQuerySet, request: ThreadSearch) -> list[FoundThread]:
    """The rows with what the request extracts, without the large columns that it does not select."""
    unread = [column for column in LARGE if request.select and column not in request.select]
    names = {alias: f"extracted_{number}" for number, alias in enumerate(request.extract)}
    parts = {names[alias]: _part(column, path) for alias, (column, path) in request.extract.items()}
    found = []
    for row in rows.annotate(**parts).defer(*unread):
        row.__dict__.update(dict.fromkeys(unread))  # a deferred column would be read row by row when the wire looks at it
        found.append(FoundThread(row, {alias: getattr(row, name) for alias, name in names.items()}))
    return found


def _part(column: str, path: str | None) -> models.Expression:
    """What lies at a path of a column; null where nothing does."""
    if path is None:
        return Value(None, output_field=JsonField())
    template = "jsonb_path_query_first(%(expressions)s::jsonpath, '{}', true)"
    return Func(column, Value(path), template=template, output_field=JsonField())


def _plain(threads: ThreadQuerySet, request: ThreadSearch) -> ThreadQuerySet:
    """Without the filters that look inside."""
    found = threads.unended()
    return found if request.status is None else found.filter(status=request.status)


def _order(request: ThreadSearch) -> list[tuple[str, bool]]:
    """Columns, and whether they descend; ties are broken in the direction that the indexes can be read in."""
    down = request.descending
    if request.sort_by == "thread_id":
        return [("thread_id", down)]
    if request.sort_by == "status":
        return [("status", down), ("updated_at", not down), ("thread_id", down)]
    return [(request.sort_by, down), ("thread_id", not down)]


def _pairs(request: ThreadSearch) -> list[tuple[str, str]]:
    """What `thread_metadata` can be asked for. It knows scalars of the first level only, long ones by digest: rows are checked again."""
    return list(islice(index_pairs(request.metadata).items(), MOST_INDEXED))


def _parameters(actor: Actor, request: ThreadSearch, pairs: list[tuple[str, str]]) -> Json:
    named = {f"{name}{n}": part for n, pair in enumerate(pairs) for name, part in zip(("key", "value"), pair, strict=True)}
    return named | {
        "tenant": actor.tenant_id,
        "ids": None if request.ids is None else list(request.ids),
        "status": request.status,
        "metadata": text(request.metadata),
        "values": text(request.values),
        "newest": NEWEST,
        "limit": request.limit + 1,
        "offset": request.offset,
    }


def _outside(request: ThreadSearch) -> list[str]:
    return ["t.ended_at is null"] + (["t.status = %(status)s"] if request.status is not None else [])


def _inside(request: ThreadSearch) -> list[str]:
    asked = {"metadata": request.metadata, "values": request.values}
    return [f't."{column}" @> %({column})s::jsonb' for column, wanted in asked.items() if wanted] or ["true"]


def _all(pairs: list[tuple[str, str]]) -> str:
    return " intersect ".join(PAIR.format(n=n) for n in range(len(pairs)))


def _looked_up(request: ThreadSearch, source: str) -> str:
    return LOOKED_UP.format(source=source, columns=_columns(request), filters=" and ".join(_outside(request) + _inside(request)))


def _page_of(request: ThreadSearch, source: str) -> str:
    return PAGE_OF_LOOKED_UP.format(looked_up=_looked_up(request, source), order=_order_by(request))


def _page_of_newest(request: ThreadSearch) -> str:
    outside, inside = " and ".join(_outside(request)), " and ".join(_inside(request))
    return PAGE_OF_NEWEST.format(columns=_columns(request), order=_order_by(request), outside=outside, inside=inside)


def _columns(request: ThreadSearch) -> str:
    return ", ".join(f"t.{column}" for column, _ in _order(request))


def _order_by(request: ThreadSearch) -> str:
    return ", ".join(f"t.{column} {'desc' if descending else 'asc'}" for column, descending in _order(request))


def _ids(statement: str, parameters: Json) -> list[UUID]:
    return [name for (name,) in _asked(statement, parameters)]


def _asked(statement: str, parameters: Json) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
