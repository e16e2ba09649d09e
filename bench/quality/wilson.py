"""The Wilson score interval of a share."""

from math import sqrt


def wilson(hits: int, of: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share of `hits` in `of`; (0, 1) of nothing."""
    if of == 0:
        return 0.0, 1.0
    share = hits / of
    centre = share + z * z / (2 * of)
    spread = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    low = 0.0 if hits == 0 else max(0.0, (centre - spread) / scale)
    high = 1.0 if hits == of else min(1.0, (centre + spread) / scale)
    return low, high


def told(hits: int, of: int) -> str:
    """A share for a table: `3/900 0.33 % [0.11, 0.98]`."""
    low, high = wilson(hits, of)
    share = hits / of if of else 0.0
    return f"{hits}/{of} {share:.2%} [{low:.2%}, {high:.2%}]"
