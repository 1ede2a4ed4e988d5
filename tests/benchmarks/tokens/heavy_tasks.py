# ruff: noqa: E501 (one line of code each is easier to compare)
"""Fourteen tasks on real tables in three families, each of two cells: a result, then work on that result.

`code` leaves its result in `result`; `fetch` and `use` are what a JSON agent calls for the same. `expected`
computes the result independently.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Turn:
    """What the person asks, and what each agent does about it."""

    words: str
    code: str
    shown: str = "result"  # what a text-bound agent prints whole
    fetch: Mapping[str, Any] = field(default_factory=dict)  # arguments of `select` or `aggregate`
    use: Mapping[str, Any] = field(default_factory=dict)  # a tool and the columns that are passed to it


@dataclass(frozen=True, slots=True)
class HeavyTask:
    """One task."""

    name: str
    family: str
    tables: tuple[str, ...]
    turns: tuple[Turn, ...]
    expected: Callable[[Tables], Any]  # of `result` after the first turn


def scatter(x: str, y: str) -> Turn:
    """The common second turn of a plot."""
    return Turn(
        f"Now plot {y} against {x}.",
        f"ax = result.plot.scatter(x={x!r}, y={y!r})",
        shown="ax",
        use={"tool": "plot", "kind": "scatter", "x": x, "y": y},
    )


def fit(x: str, y: str) -> Turn:
    """The common second turn of an analysis."""
    return Turn(
        f"What is the slope and R² of a straight line of {y} on {x} in these rows?",
        f"import numpy as np\nclean = result.dropna(subset=[{x!r}, {y!r}])\n"
        f"slope, intercept = np.polyfit(clean[{x!r}], clean[{y!r}], 1)\n"
        f"slope, clean[{x!r}].corr(clean[{y!r}]) ** 2",
        shown=f"(slope, clean[{x!r}].corr(clean[{y!r}]) ** 2)",
        use={"tool": "fit_line", "x": x, "y": y},
    )


def rows(table: str, where: str, columns: str) -> dict[str, Any]:
    """Arguments of `select`."""
    return {"tool": "select", "table": table, "where": where, "columns": columns.split()}


def groups(table: str, by: str, metrics: str, where: str = "") -> dict[str, Any]:
    """Arguments of `aggregate`."""
    found: dict[str, Any] = {
        "tool": "aggregate",
        "table": table,
        "by": by.split(),
        "metrics": metrics.split(),
    }
    return found | ({"where": where} if where else {})


TASKS: tuple[HeavyTask, ...] = (
    HeavyTask(
        "late flights to Denver", "query", ("flights",),
        (Turn("Give me United's flights to DEN in July that left more than 30 minutes late, as `result`.",
              "result = flights.query('carrier == \"UA\" and dest == \"DEN\" and month == 7 and dep_delay > 30')\n"
              "len(result)",
              fetch=rows("flights", "carrier == 'UA' and dest == 'DEN' and month == 7 and dep_delay > 30",
                         "month day dep_time dep_delay arr_delay flight tailnum origin distance air_time")),
         fit("dep_delay", "arr_delay")),
        lambda t: t["flights"][(t["flights"].carrier == "UA") & (t["flights"].dest == "DEN")
                               & (t["flights"].month == 7) & (t["flights"].dep_delay > 30)],
    ),
    HeavyTask(
        "airports of Texas", "query", ("airports",),
        (Turn("Put the airports of Texas north of 32° into `result`.",
              "result = airports[(airports.state == 'TX') & (airports.latitude > 32)]\nlen(result)",
              fetch=rows("airports", "state == 'TX' and latitude > 32", "iata name city latitude longitude")),
         scatter("longitude", "latitude")),
        lambda t: t["airports"].query("state == 'TX' and latitude > 32"),
    ),
    HeavyTask(
        "life expectancy that fell", "query", ("gapminder",),
        (Turn("In which countries was life expectancy lower in 2007 than in 1992? Put them into `result`.",
              "both = gapminder[gapminder.year.isin([1992, 2007])].pivot(index='country', columns='year', "
              "values='lifeExp')\nresult = both[both[2007] < both[1992]]\nresult",
              fetch=rows("gapminder", "year in (1992, 2007)", "country year lifeExp")),
         Turn("How much did they lose on average?", "(result[1992] - result[2007]).mean()",
              shown="(result[1992] - result[2007]).mean()", use={"tool": "mean", "x": "lifeExp"})),
        lambda t: (lambda w: w[w[2007] < w[1992]])(
            t["gapminder"].pivot(index="country", columns="year", values="lifeExp")[[1992, 2007]]),
    ),
    HeavyTask(
        "cars of the seventies", "query", ("cars",),
        (Turn("Put the Japanese and European cars that do more than 25 miles per gallon into `result`.",
              "result = cars[cars.Origin.isin(['Japan', 'Europe']) & (cars.Miles_per_Gallon > 25)]\nlen(result)",
              fetch=rows("cars", "Origin in ('Japan', 'Europe') and Miles_per_Gallon > 25",
                         "Name Miles_per_Gallon Horsepower Weight_in_lbs Origin")),
         fit("Weight_in_lbs", "Miles_per_Gallon")),
        lambda t: t["cars"][t["cars"].Origin.ne("USA") & t["cars"].Miles_per_Gallon.gt(25)],
    ),
    HeavyTask(
        "delays by plane", "query", ("flights", "planes"),
        (Turn("Mean arrival delay by aircraft, for aircraft with at least 100 flights, as `result`.",
              "by = flights.groupby('tailnum').arr_delay.agg(['mean', 'size'])\n"
              "result = by[by['size'] >= 100].reset_index()\nlen(result)",
              fetch=groups("flights", "tailnum", "mean(arr_delay) size(arr_delay)")),
         Turn("Which five manufacturers have the most of these aircraft?",
              "result.merge(planes, on='tailnum').manufacturer.value_counts().head(5)",
              shown="result.merge(planes, on='tailnum').manufacturer.value_counts().head(5)",
              fetch=rows("planes", "seats > 0", "tailnum manufacturer"))),
        lambda t: t["flights"].groupby("tailnum").agg(mean=("arr_delay", "mean"), size=("arr_delay", "size"))
        .query("size >= 100").reset_index(),
    ),
    HeavyTask(
        "diabetes and body mass", "analysis", ("diabetes",),
        (Turn("Take the patients with bmi and bp both above 0, as `result`.",
              "result = diabetes[(diabetes.bmi > 0) & (diabetes.bp > 0)]\nlen(result)",
              fetch=rows("diabetes", "bmi > 0 and bp > 0", "bmi bp target")),
         fit("bmi", "target")),
        lambda t: t["diabetes"].query("bmi > 0 and bp > 0"),
    ),
    HeavyTask(
        "temperature and rain in Seattle", "analysis", ("seattle_weather",),
        (Turn("Monthly means of precipitation, highest and lowest temperature, as `result`.",
              "monthly = seattle_weather.set_index('date')[['precipitation', 'temp_max', 'temp_min']]\n"
              "result = monthly.resample('MS').mean()\nresult.describe()",
              fetch=rows("seattle_weather", "temp_max > -100", "date precipitation temp_max temp_min")),
         fit("temp_max", "precipitation")),
        lambda t: t["seattle_weather"].groupby(pd.Grouper(key="date", freq="MS"))[
            ["precipitation", "temp_max", "temp_min"]].mean(),
    ),
    HeavyTask(
        "volatility of shares", "analysis", ("stocks",),
        (Turn("Monthly returns of all shares, one column each, as `result`.",
              "result = stocks.pivot(index='date', columns='symbol', values='price').pct_change()\n"
              "result.std()", shown="result",
              fetch=rows("stocks", "price > 0", "symbol date price")),
         Turn("Which two move together most?",
              "together = result.corr().unstack()\ntogether[together < 1].nlargest(1)",
              shown="result.corr()", use={"tool": "correlate", "x": "price"})),
        lambda t: t["stocks"].set_index(["date", "symbol"]).price.unstack().pct_change(),
    ),
    HeavyTask(
        "wine and its grapes", "analysis", ("wine",),
        (Turn("Standardise all columns but the target, as `result`.",
              "features = wine.drop(columns='target')\nresult = (features - features.mean()) / features.std()\n"
              "result.shape",
              fetch=rows("wine", "target >= 0", "alcohol malic_acid ash flavanoids hue proline target")),
         fit("alcohol", "proline")),
        lambda t: t["wine"].iloc[:, :-1].apply(lambda c: (c - c.mean()) / c.std()),
    ),
    HeavyTask(
        "happiness of marriages", "analysis", ("fair",),
        (Turn("Put the rows with more than ten years married and some affairs into `result`.",
              "result = fair[(fair.yrs_married > 10) & (fair.affairs > 0)]\nlen(result)",
              fetch=rows("fair", "yrs_married > 10 and affairs > 0", "rate_marriage age yrs_married affairs")),
         fit("rate_marriage", "affairs")),
        lambda t: t["fair"].query("yrs_married > 10 and affairs > 0"),
    ),
    HeavyTask(
        "penguins' flippers", "plot", ("penguins",),
        (Turn("Put penguins without missing values into `result`.",
              "result = penguins.dropna()\nlen(result)",
              fetch=rows("penguins", "body_mass_g > 0", "species flipper_length_mm body_mass_g sex")),
         scatter("flipper_length_mm", "body_mass_g")),
        lambda t: t["penguins"][t["penguins"].notna().all(axis=1)],
    ),
    HeavyTask(
        "wealth and health", "plot", ("gapminder",),
        (Turn("Take the year 2007 with the logarithm of gdpPercap as `log_gdp`, as `result`.",
              "import numpy as np\nresult = gapminder[gapminder.year == 2007].assign("
              "log_gdp=lambda d: np.log10(d.gdpPercap))\nlen(result)",
              fetch=rows("gapminder", "year == 2007", "country gdpPercap lifeExp")),
         Turn("Now plot lifeExp against log_gdp.", "ax = result.plot.scatter(x='log_gdp', y='lifeExp')",
              shown="ax", use={"tool": "plot", "kind": "scatter", "x": "gdpPercap", "y": "lifeExp"})),
        lambda t: t["gapminder"].query("year == 2007").assign(log_gdp=lambda d: np.log10(d["gdpPercap"])),
    ),
    HeavyTask(
        "temperatures of a year", "plot", ("seattle_temps",),
        (Turn("Daily highest and lowest temperature, as `result`.",
              "result = seattle_temps.groupby(seattle_temps.date.dt.date).temp.agg(['min', 'max'])\nlen(result)",
              fetch=rows("seattle_temps", "temp > -100", "date temp")),
         Turn("Plot both over the year.", "ax = result.plot()", shown="ax",
              use={"tool": "plot", "kind": "line", "x": "date", "y": "temp"})),
        lambda t: t["seattle_temps"].assign(date=t["seattle_temps"].date.dt.date).groupby("date").temp
        .agg(["min", "max"]),
    ),
    HeavyTask(
        "delay over the day", "plot", ("flights",),
        (Turn("Mean departure delay by hour and origin, hours as rows, as `result`.",
              "result = flights.pivot_table(index='hour', columns='origin', values='dep_delay')\nresult.shape",
              fetch=groups("flights", "hour origin", "mean(dep_delay)")),
         Turn("Plot it, one line for each origin.", "ax = result.plot()", shown="ax",
              use={"tool": "plot", "kind": "line", "x": "hour", "y": "mean(dep_delay)"})),
        lambda t: t["flights"].groupby(["hour", "origin"]).dep_delay.mean().unstack().dropna(how="all"),
    ),
)  # fmt: skip
