"""What Tab offers where."""

import pytest

from caveagent_magic.shell.complete import completions

OPTIONS, COMMANDS, NAMES = ["--auto", "--only", "--out"], ["show", "status"], ["sales", "shops"]


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("%%cave --o", ["--only", "--out"]),
        ("%%cave ", ["--auto", "--only", "--out"]),
        ("%%cave --only sa", ["sales"]),
        ("%%cave --only sales,sh", ["shops"]),
        ("%%cave\nSum the prices of sa", ["sales"]),
        ("%cave st", ["status"]),
        ("%cave show sh", ["shops"]),
        ("x = 1\n%cave sh", ["show"]),
        ("sal", []),
        ("%%time\nsal", []),
    ],
)
def test_tab_offers_what_fits_there(text, offered):
    assert completions(text, OPTIONS, COMMANDS, NAMES) == offered
