"""What follows each answer: one table, and nothing that may have been taken goes to a second provider by it."""

import pytest

from sms.following import Next, following
from sms.providers.kinds import Accepted, Provider, Refused, Result, Unknown

RETRY = Provider(1, "http", "http://x/", "POST", {}, "", "", None, None, 5)
HOLD = RETRY._replace(on_unknown="hold")
TABLE: list[tuple[Result, Provider, int, Next]] = [
    (Accepted(200, "", None), HOLD, 9, Next("accepted")),
    (Refused("no", final=True), HOLD, 9, Next("failed")),
    (Refused("no Zalo account", final=True, cause="elsewhere"), HOLD, 0, Next("failed", over=True)),
    (Refused("the same text again", final=True, cause="suppressed"), HOLD, 0, Next("suppressed")),
    (Refused("not now", final=False), HOLD, 0, Next("queued", delay_seconds=10)),
    (Refused("not now", final=False), HOLD, 1, Next("queued", delay_seconds=30)),
    (Refused("not now", final=False), HOLD, 2, Next("queued", over=True, delay_seconds=60)),
    (Refused("500", final=False, cause="down"), HOLD, 2, Next("queued", over=True, delay_seconds=60)),
    (Refused("no secret", final=False, cause="setup"), HOLD, 2, Next("queued", over=True, delay_seconds=60)),
    (Refused("no money", final=False, cause="balance"), HOLD, 0, Next("queued", over=True, counts=False)),
    (Refused("429", False, wait_seconds=60, cause="busy"), HOLD, 2, Next("queued", counts=False, delay_seconds=66)),
    (Unknown("silence"), HOLD, 0, Next("unknown")),
    (Unknown("silence"), HOLD, 9, Next("unknown")),
    (Unknown("silence"), RETRY, 0, Next("queued", delay_seconds=10)),
    (Unknown("silence"), RETRY, 2, Next("queued", over=True, delay_seconds=60)),
]


@pytest.mark.parametrize(("result", "provider", "tries", "then"), TABLE)
def test_each_answer_has_its_consequence(result: Result, provider: Provider, tries: int, then: Next) -> None:
    assert following(result, provider, tries, 0.5) == then


def test_a_provider_may_be_given_up_earlier_or_later() -> None:
    busy = Refused("not now", final=False)
    assert following(busy, RETRY._replace(failover_tries=1), 0, 0.5).over
    assert not following(busy, RETRY._replace(failover_tries=100), 98, 0.5).over


def test_without_a_provider_the_other_one_may_be_asked() -> None:
    assert following(Refused("disabled", final=True, cause="elsewhere"), None, 0, 0.5) == Next("failed", over=True)


def test_while_its_provider_is_left_alone_nobody_waits_for_it() -> None:
    assert following(Unknown("silence", down=True), RETRY, 0, 0.5, is_open=True).over
    assert not following(Unknown("silence", down=True), HOLD, 0, 0.5, is_open=True).over
