"""How often something may happen."""

from __future__ import annotations

import time
from collections import deque


class Rate:
    """How often something may happen per key within a span of seconds; kept in memory."""

    def __init__(self, most: int, span: float) -> None:
        self.most, self.span = most, span
        self.seen: dict[str, deque[float]] = {}

    def allows(self, key: str) -> bool:
        """Count one more, unless there were too many already."""
        moment = time.monotonic()
        if len(self.seen) > 10_000:
            self.seen = {k: q for k, q in self.seen.items() if q and moment - q[-1] < self.span}
        times = self.seen.setdefault(key, deque())
        while times and moment - times[0] > self.span:
            times.popleft()
        if len(times) >= self.most:
            return False
        times.append(moment)
        return True
