"""Pages of lists: a bare array and two headers."""

from collections.abc import Sequence

from rest_framework.response import Response


def pagination(rows: int, offset: int, has_more: bool) -> dict[str, str]:
    """Headers of a page. The total is a lower bound, not a count: one more than what has been shown where there is more."""
    shown = offset + rows
    if not has_more:
        return {"X-Pagination-Total": str(shown)}
    return {"X-Pagination-Total": str(shown + 1), "X-Pagination-Next": str(shown)}


def paginated(rows: Sequence[object], *, limit: int, offset: int, has_more: bool) -> Response:
    """A page as the wire has it; `rows` may hold one row too many, which then says that there is more."""
    return Response(list(rows[:limit]), headers=pagination(len(rows[:limit]), offset, has_more or len(rows) > limit))
