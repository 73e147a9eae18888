"""Scenarios of one message: what calls return, what the script reads, what its changes make of the message."""

from tests.contract.play import Play, scenario

HEADERS = "Subject: hello\r\nX-Two: a\r\nX-Two: b\r\n"


@scenario
def core_calls_say_bool_and_what_returns_nothing_says_zero(play: Play) -> None:
    play.invite("core types")
    assert play.saw()[0][:3] == ["bool:True", "bool:True", "bool:False"]  # type: ignore[index]


@scenario
def header_calls_say_one_or_minus_one(play: Play) -> None:
    play.invite("header types", HEADERS, "body")


@scenario
def header_calls_without_a_body(play: Play) -> None:
    play.invite("header types", HEADERS)


@scenario
def variables_have_their_types(play: Play) -> None:
    play.invite("variables", HEADERS, "body")


@scenario
def variables_of_a_message_without_most_headers(play: Play) -> None:
    play.invite("variables")


@scenario
def tables_count_and_remember(play: Play) -> None:
    play.invite("tables")


@scenario
def bad_calls_raise(play: Play) -> None:
    play.room.forgives = True
    play.invite("bad calls", "X-Latin: caf\xe9\r\n")


@scenario
def the_iterator_walks_all_headers(play: Play) -> None:
    play.invite("walk", "s: compact\r\nX-Folded: one\r\n  two\r\nX-Space : 1\r\nX-Empty:\r\n")


@scenario
def there_are_four_iterators(play: Play) -> None:
    play.invite("five iterators")


@scenario
def max_forwards_goes_down(play: Play) -> None:
    play.invite("max forwards")
    assert play.saw() == [["int:1", "str:69"]]


@scenario
def max_forwards_on_the_wire(play: Play) -> None:
    play.invite("max forwards relayed")
    assert play.legs()[0].text("max-forwards") == "69"


@scenario
def the_iterator_changes_where_it_stands(play: Play) -> None:
    play.invite("iterate and change", "X-One: 1\r\nX-Two: 2\r\nX-Three: 3\r\n")


@scenario
def a_line_behind_the_first_via(play: Play) -> None:
    play.invite("deeper vias", vias="Via: SIP/2.0/UDP 10.1.1.1;branch=z9hG4bKdeep\r\n")


@scenario
def a_list_is_cut_behind_its_first_value(play: Play) -> None:
    play.invite("a list cut", "X-List: a;b=c ,d\r\n e, f\r\nX-List: g,h\r\n")
    assert play.saw()[0] == ["int:1", "int:-1"]
    assert [line.body for line in play.legs()[0].all("x-list")] == ["a;b=c", "g,h"]


@scenario
def the_status_of_a_reply_changes_in_its_class(play: Play) -> None:
    play.invite("status")
    play.reply(0, 183, "Anh Nam 0844441909")


@scenario
def a_reply_stripped_before_tm_is_restored_in_it(play: Play) -> None:
    play.invite("restored reply")
    play.reply(0, 486, "Anh Nam is busy", "Contact: <sip:0844441909@h>\r\n")
    play.reply(1, 200, "OK Nam", "Contact: <sip:0844441909@h>\r\n", "v=0\r\n")
    assert play.caller_saw() == [200]


@scenario
def a_stored_reply_keeps_its_changes(play: Play) -> None:
    play.invite("restored reply")
    play.reply(0, 404, "No Nam")
    play.reply(1, 486, "Busy Nam")
    assert play.caller_saw() == [404]


@scenario
def a_new_body_replaces_the_old(play: Play) -> None:
    play.invite("new body", "Content-Type: text/plain\r\n", "hello world")
    assert play.legs()[0].body == b"v=0\r\n"


@scenario
def a_new_body_of_the_same_type(play: Play) -> None:
    play.invite("new body", "Content-Type: application/sdp\r\n", "hello world")


@scenario
def a_new_body_where_there_was_none(play: Play) -> None:
    play.invite("new body")


@scenario
def a_new_body_where_nothing_gave_a_length(play: Play) -> None:
    play.invite("new body", length=False)


@scenario
def a_new_body_for_a_reply(play: Play) -> None:
    play.invite("new reply body")
    play.reply(0, 183, more="Content-Type: text/plain\r\n", body="hello")
    play.reply(0, 200)


@scenario
def a_body_taken_away(play: Play) -> None:
    play.invite("no body", "Content-Type: text/plain\r\n", "hello")
    assert (play.legs()[0].body, play.legs()[0].text("content-length")) == (b"", "0")


@scenario
def a_reply_body_taken_away(play: Play) -> None:
    play.invite("no reply body")
    play.reply(0, 183, more="Content-Type: text/plain\r\n", body="hello")
    play.reply(0, 486)
