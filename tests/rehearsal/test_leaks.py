"""Many steps in one kernel leave nothing behind; the benchmark of rehearsing does it a thousand times."""

from __future__ import annotations

import pytest

from tests.benchmarks.rehearsing import steps_in_a_process

pytestmark = pytest.mark.kernel


@pytest.mark.timeout(900)
def test_two_hundred_steps_leave_no_descriptor_process_thread_shared_memory_folder_or_mount():
    early, late = steps_in_a_process(50, 200)

    assert late.counts == early.counts
    assert late.resident - early.resident < 4 << 20
