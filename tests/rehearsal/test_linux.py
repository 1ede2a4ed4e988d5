"""What is asked of Linux and its C library directly."""

import subprocess
import sys

import pytest

PROGRAM = """
from caveagent_magic.rehearsal import linux
linux.give_back_freed_memory()
blocks = [bytes(2000) for _ in range({blocks})]
kept = blocks[::1000]  # so that the memory does not go back by itself
del blocks
before = linux._resident()
linux.give_back_freed_memory()
print((before - linux._resident()) >> 20)
"""


@pytest.mark.parametrize(("blocks", "gives_back"), [(180_000, True), (20_000, False)])
def test_much_that_was_freed_goes_back_to_the_system_and_little_is_kept_for_the_next_step(blocks, gives_back):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(blocks=blocks)], capture_output=True, text=True, check=True
    )

    assert (int(done.stdout) > 200, int(done.stdout) > 20) == (gives_back, gives_back)
