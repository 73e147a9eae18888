"""Whole calls by TCP are as they are by UDP: the very tests of those, with sides that speak TCP and nothing else.

The endpoints send in a dialog only by what a Contact or a Record-Route of ours says (RFC 3261 §12.2.1.1), and the leak
check runs over it all.
"""
# ruff: noqa: F401  (imported to be run once more)

from tests.integration.test_call_answered import (
    test_a_repeated_answer_reaches_the_caller_masked_every_time,
    test_a_second_answer_does_not_win_a_second_time,
    test_members_see_the_outbound_number_and_every_leg_has_its_own_call_id,
    test_the_caller_gets_his_own_headers_back,
    test_the_first_to_answer_wins_and_the_others_are_cancelled,
    test_the_member_can_hang_up,
)
from tests.integration.test_call_masked import (
    test_nothing_of_a_cancel_reaches_a_member,
    test_nothing_of_a_members_answer_reaches_the_caller,
    test_nothing_of_the_callers_invite_reaches_a_member,
)
from tests.integration.test_call_missed import (
    everybody,
    test_a_carrier_that_does_not_answer_at_all,
    test_an_answer_that_crosses_the_cancel_wins,
    test_every_member_refuses,
    test_nobody_answers_in_the_ring_time,
    test_the_customer_hangs_up_while_it_rings,
)
