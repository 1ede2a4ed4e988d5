"""What the model is told of a step."""

from caveagent_magic.egress.disclosure import Disclosure
from caveagent_magic.egress.tell import effects_text
from caveagent_magic.events import Change, Changes, Effect


def test_the_model_is_told_what_was_done_outside_and_what_was_refused():
    effects = (
        Effect("write_file", "out/lost.csv", True),
        Effect("network", "example.org:443", False),
        Effect("process", "rm -rf x", False),
    )

    assert effects_text(effects) == (
        "Done outside the kernel: write_file out/lost.csv.\n"
        "Refused while it ran: network example.org:443, process rm -rf x."
    )


def test_a_step_without_effects_adds_no_words():
    assert effects_text(()) == ""


def test_many_effects_are_counted():
    effects = tuple(Effect("write_file", str(number), True) for number in range(12))

    assert effects_text(effects).endswith("write_file 9 and 2 more.")


def test_the_values_of_changed_names_are_for_the_person_alone():
    changes = Changes(
        (Change("n", "int", "5"),), (Change("x", "int", "3 → 5"),), (Change("y", "str", "'a'"),)
    )

    told = Disclosure().changes(changes)

    assert told == Changes((Change("n", "int"),), (Change("x", "int"),), (Change("y", "str"),))
