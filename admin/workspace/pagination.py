"""Which page numbers to show under a list."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Pagination:
    """`numbers` holds page numbers, with None where some are left out."""

    page: int
    last: int
    first_item: int
    last_item: int
    total: int
    numbers: tuple[int | None, ...]


def paginate(*, page: int, size: int, total: int) -> Pagination:
    last = max(1, ceil(total / size))
    near = {1, last, *range(max(1, page - 2), min(last, page + 2) + 1)}
    numbers: list[int | None] = []
    for number in sorted(near):
        previous = numbers[-1] if numbers else 0
        if previous is not None and number - previous > 1:
            numbers.append(None)
        numbers.append(number)
    return Pagination(
        page=page,
        last=last,
        first_item=min((page - 1) * size + 1, total),
        last_item=min(page * size, total),
        total=total,
        numbers=tuple(numbers),
    )
