"""Calls by TCP that have more to come: steps, waiting times, other gateways, sounds, answers that cross."""
# ruff: noqa: F401  (imported to be run once more)

import pytest

from tests.integration.tcp.conftest import MIXED
from tests.integration.test_early_media import first, test_the_first_sound_passes_and_no_other
from tests.integration.test_failover import (
    second,
    test_a_leg_fails_over_while_the_others_ring,
    test_legs_go_by_way_of_the_outbound_proxy,
)
from tests.integration.test_glare import (
    test_an_answer_after_the_ring_time,
    test_an_answer_and_the_caller_s_cancel_meet_at_the_edge,
    three_seconds,
)
from tests.integration.test_hunting import (
    group,
    test_a_member_has_a_waiting_time_of_his_own,
    test_one_after_the_other,
)

pytestmark = pytest.mark.parametrize("ways", MIXED, ids="-".join, indirect=True)
