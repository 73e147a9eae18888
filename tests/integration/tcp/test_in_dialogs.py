"""Re-INVITEs, other requests and BYEs by TCP, from both sides: the very tests of UDP, also of forgers."""
# ruff: noqa: F401  (imported to be run once more)

import pytest

from tests.integration.tcp.conftest import MIXED
from tests.integration.test_dialog_requests import (
    call,
    test_a_new_contact_moves_the_call,
    test_a_refused_reinvite_is_acknowledged_and_the_call_goes_on,
    test_contacts_are_of_the_edge_and_short_enough_for_a_real_sbc,
    test_each_side_sees_its_own_dialog,
    test_hold_and_resume_from_either_side_with_versions_that_increase,
    test_other_requests_pass_both_ways,
)
from tests.integration.test_dialog_restart import (
    test_a_bye_still_arrives_after_a_restart,
    test_a_restart_while_it_rings_becomes_interrupted_and_shows_nobody_anything,
    test_an_ack_after_a_restart_still_reaches_the_member,
)
from tests.integration.test_dialog_tokens import (
    test_a_token_copied_into_another_dialog_gets_481,
    test_a_token_without_a_to_tag_is_no_way_in,
)

pytestmark = pytest.mark.parametrize("ways", MIXED, ids="-".join, indirect=True)
