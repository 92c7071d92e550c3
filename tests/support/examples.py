"""Choose how many examples Hypothesis tries: few in `make test`, many in `make test-properties`.

No profile has a deadline or minds slow generation: both judge the machine. The quick one tries the same examples every
time, so that a change alone decides whether it passes; the long one searches new ones.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

QUICK, LONG = "quick", "long"
MORE = 10
"""Examples of the long profile for one of the quick one."""


def register() -> None:
    """Register both profiles and load the quick one; `--hypothesis-profile=long` loads the other."""
    slow = [HealthCheck.too_slow]
    settings.register_profile(QUICK, deadline=None, suppress_health_check=slow, max_examples=100, derandomize=True)
    settings.register_profile(LONG, deadline=None, suppress_health_check=slow, max_examples=100 * MORE, print_blob=True)
    settings.load_profile(QUICK)


def examples(count: int) -> int:
    """Return the examples of a test that tries `count` in the quick profile, for `@settings(max_examples=…)`."""
    return count * MORE if settings.get_current_profile_name() == LONG else count
