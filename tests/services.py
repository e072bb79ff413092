"""Services that some tests need and not every machine has: a browser, a database server."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

REQUIRED = "SYNMEDBENCH_REQUIRE_SERVICES"


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the test and say what to install; fail it where the variable SYNMEDBENCH_REQUIRE_SERVICES is 1."""
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{reason} ({REQUIRED}=1 allows no skipping)", pytrace=False)
    pytest.skip(reason)
