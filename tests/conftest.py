"""What all tests share: one thread a process, so that parallel tests do not fight for cores; no user's cache."""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("SYNMEDBENCH_CACHE", "")
