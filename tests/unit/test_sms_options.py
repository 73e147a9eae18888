"""Bad options are refused at start, all at once, in words."""

import pytest

from sms.options import Options


def test_the_defaults_hold_without_an_environment() -> None:
    assert Options.read({}) == Options()


def test_each_option_is_read_from_its_variable() -> None:
    read = Options.read({"SMS_POLL_SECONDS": "0.2", "SMS_THREADS": "3", "SMS_LEASE_SECONDS": "", "OTHER": "x"})
    assert (read.poll_seconds, read.threads, read.lease_seconds) == (0.2, 3, Options().lease_seconds)


def test_every_bad_option_is_named() -> None:
    with pytest.raises(ValueError, match=r"SMS_POLL_SECONDS .*; SMS_THREADS"):
        Options.read({"SMS_POLL_SECONDS": "-1", "SMS_THREADS": "many", "SMS_GIVE_UP_SECONDS": "60"})


@pytest.mark.parametrize(("threads", "most"), [(1, 1), (2, 1), (8, 6), (32, 24)])
def test_a_provider_that_hangs_leaves_threads_to_the_others(threads: int, most: int) -> None:
    assert Options(threads=threads).most_of_one == most


@pytest.mark.parametrize("value", ["0", "nan", "inf", "1e99"])
def test_a_number_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="SMS_POLL_SECONDS"):
        Options.read({"SMS_POLL_SECONDS": value})
