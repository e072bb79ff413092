"""Who uses how many threads: none should wait for another at every step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return ``function`` of every item, in order, on as many threads as matrix products may use.

    Threads that share one eigenvalue problem wait for each other at every step, and on a busy machine for long;
    side by side, one problem each, they do not. LAPACK releases the interpreter's lock.

    >>> each(abs, [-1, 2])
    [1, 2]
    """
    from threadpoolctl import threadpool_info, threadpool_limits

    threads = max(
        (pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"), default=1
    )
    if threads == 1:
        return [function(item) for item in items]
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, items))


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Keep torch's small element-wise steps on one thread, so that its threads and the matrix product's do not spin
    against each other."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
