"""What is said after an error names only what there is."""

import pytest

from caveagent_magic.observation.hints import hint


class Around:
    """Two frames, a number, a few packages and files."""

    def names(self):
        return {"flights": 0, "planes": 0, "total": 0}

    def columns(self, name):
        return {"flights": ["year", "dep_delay", "arr_delay", "'Dep Time'"], "planes": ["tailnum"]}.get(
            name, []
        )

    def attributes(self, owner):
        return ["groupby", "group", "_hidden", "sum"] if owner == "DataFrame" else ["nanmean", "nansum"]

    def modules(self):
        return {"sklearn", "matplotlib", "plotly", "_private"}

    def files(self, path):
        return ["data/flights.csv", "data/other.txt"]


@pytest.mark.parametrize(
    ("name", "message", "code", "said"),
    [
        ("KeyError", "'dep_dely'", "flights['dep_dely']",
         "flights has year, dep_delay, arr_delay, 'Dep Time'; near: `dep_delay`."),
        ("KeyError", "\"['dep time'] not in index\"", "flights[['dep time']]",
         "flights has year, dep_delay, arr_delay, 'Dep Time'; near: `'Dep Time'`."),
        ("KeyError", "'tailnum'", "flights['tailnum']",
         "flights has year, dep_delay, arr_delay, 'Dep Time'. planes has `tailnum`."),
        ("KeyError", "'zzz'", "settings['zzz']",
         "No such key or column: look at `.columns`, `.index.names` or `.keys()`."),
        ("NameError", "name 'fligths' is not defined", "fligths", "There is `flights`."),
        ("AttributeError", "'DataFrame' object has no attribute 'group_by'", "flights.group_by('a')",
         "DataFrame has `groupby`, `group`."),
        ("AttributeError", "'DataFrame' object has no attribute 'dep_dely'", "flights.dep_dely",
         "DataFrame has `dep_delay`."),
        ("AttributeError", "module 'numpy' has no attribute 'nanmeen'", "np.nanmeen(1)",
         "numpy has `nanmean`."),
        ("ModuleNotFoundError", "No module named 'sklern.svm'", "",
         "Not installed, and must not be; installed: `sklearn`."),
        ("ModuleNotFoundError", "No module named 'seaborn'", "",
         "Not installed, and must not be; installed: `matplotlib`, `plotly`."),
        ("FileNotFoundError", "[Errno 2] No such file or directory: 'data/flight.csv'", "",
         "There is `data/flights.csv`."),
        ("ValueError", "x", "flights", ""),
    ],
)  # fmt: skip
def test_an_error_is_answered_with_the_nearest_that_there_is(name, message, code, said):
    assert hint(name, message, code, Around()) == said


def test_without_a_look_around_the_general_advice_stays():
    assert hint("NameError", "name 'x' is not defined", "x", None).startswith("Only the listed variables")
