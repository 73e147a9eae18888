"""What the contract asks of KSR: named cases, run by the same script in a real Kamailio and on the fake.

The X-Case header of an INVITE names the case. What a case saw goes out as JSON in X-Saw headers: of the reply, of
the legs, of what is relayed. Each case is a small set of callbacks; `request` says where the message goes.
"""

from typing import Any, Final, NamedTuple

import KSR

from tests.contract import hunting
from tests.contract.own import datagrams, own_bye
from tests.contract.probes import Body, at, attempt, header, walk


class Case(NamedTuple):
    """The callbacks of a case; what each returns is what it saw."""

    request: Body | None = None
    branch: Body | None = None
    core_reply: Body | None = None
    reply: Body | None = None
    failure: Body | None = None
    legs: int = 0  # 0: answered with 200; else forked to so many
    early: Body | None = None  # before t_newtran
    branch_failure: Body | None = None


def _core_types() -> Any:
    return [
        KSR.setflag(1), KSR.isflagset(1), KSR.isflagset(2), KSR.resetflag(1), KSR.isflagset(1), KSR.setflag(99),
        KSR.info("contract\n"), KSR.is_INVITE(), KSR.is_BYE(), KSR.isdsturiset(), KSR.setdsturi("sip:1.2.3.4"),
        KSR.isdsturiset(), KSR.resetdsturi(), KSR.seturi("sip:x@1.2.3.4"), KSR.setbflag(3), KSR.isbflagset(3),
        KSR.isbflagset(4), KSR.force_rport(), KSR.set_reply_no_connect(),
    ]  # fmt: skip


def _header_types() -> Any:
    return [
        KSR.hdr.get("Subject"), KSR.hdr.get("X-No"), KSR.hdr.gete("X-No"), KSR.hdr.is_present("s"),
        KSR.hdr.is_present("X-No"), KSR.hdr.get_idx("X-Two", 1), KSR.hdr.get_idx("X-Two", -1),
        KSR.hdr.get_idx("X-Two", 2), KSR.hdr.gete_idx("X-Two", 2), KSR.hdr.remove("X-No"), KSR.hdr.remove("X-Two"),
        KSR.textops.remove_hf("X-No"), KSR.hdr.append("X-New: 1\r\n"), KSR.hdr.get("X-New"),
        KSR.hdr.append_after("X-Af: 1\r\n", "From"), KSR.hdr.insert("X-Ins: 1\r\n"), KSR.siputils.has_totag(),
        KSR.siputils.is_request(), KSR.siputils.is_reply(), KSR.textops.has_body(), KSR.hdr.get("i"),
    ]  # fmt: skip


_VARIABLES: Final = (
    "$ru", "$rU", "$rd", "$rp", "$du", "$rm", "$rs", "$rr", "$si", "$pr", "$proto", "$ci", "$cs", "$fu", "$fU",
    "$fd", "$fn", "$ft", "$tu", "$tU", "$td", "$tn", "$tt", "$ct", "$ua", "$cT", "$rb", "$mf", "$bf", "$Ri",
    "$avp(none)", "$hdr(Subject)", "$(hdr(X-Two)[1])", "$hdr(X-No)", "$(rb{s.encode.hexa})", "$ou",
    "$(mb{s.encode.hexa})",
)  # fmt: skip


def _variables() -> Any:
    out: list[Any] = [KSR.pv.get(name) for name in _VARIABLES]
    out += [type(KSR.pv.get("$sp")).__name__, type(KSR.pv.get("$ml")).__name__]
    out += [KSR.pv.gete("$tt"), KSR.pv.getw("$tt"), KSR.pv.getvs("$tt", "d"), KSR.pv.getvn("$tt", 7)]
    out += [KSR.pv.is_null("$tt"), KSR.pv.is_null("$ft"), KSR.pv.geti("$tt")]
    out += [KSR.pv.sets("$avp(a)", "x"), KSR.pv.get("$avp(a)"), KSR.pv.seti("$avp(n)", 7), KSR.pv.get("$avp(n)")]
    out += [KSR.pv.unset("$avp(a)"), KSR.pv.get("$avp(a)"), KSR.pv.sets("$du", "sip:9.9.9.9"), KSR.pv.get("$du")]
    out += [KSR.pv.sets("$rU", "new"), KSR.pv.get("$ru"), KSR.pv.sets("$ru", "sip:n@1.1.1.1"), KSR.pv.get("$ru")]
    return out


def _bad_calls() -> Any:
    bad: list[Any] = [
        attempt(lambda: KSR.hdr.append(None)),
        attempt(lambda: KSR.setflag("1")),
        attempt(lambda: KSR.hdr.append("X: a\0b\r\n")),
        attempt(lambda: KSR.pv.sets("$avp(x)", "\udcff")),
        attempt(lambda: KSR.tm.t_reply(500)),
        attempt(lambda: KSR.nosuch),
        attempt(lambda: KSR.tm.t_nosuch),
        attempt(lambda: KSR.hdr.get("X-Latin")),
        attempt(lambda: KSR.pv.get("$hdr(X-Latin)")),
    ]
    return bad


def _five_iterators() -> Any:
    walk("a")  # a name that has ended keeps its place
    out = [KSR.textopsx.hf_iterator_start(name) for name in ("a", "b", "c", "i", "e")]
    return out + [KSR.textopsx.hf_iterator_end(name) for name in ("a", "b", "c", "i", "e")]


def _masked() -> None:
    for name in ("From", "Call-ID", "Contact"):
        KSR.hdr.remove(name)
    index = KSR.pv.get("$T_branch_idx")
    KSR.hdr.append(f"Call-ID: leg-{index}\r\nFrom: <sip:hot@h>;tag=leg\r\nContact: <sip:token{index}@h>\r\n")


def _flag_pass(number: int) -> Any:
    out = [KSR.isflagset(bit) for bit in range(1, 7)] + [KSR.pv.get("$avp(trail)"), KSR.pv.get("$bf")]
    KSR.setflag(number)
    KSR.pv.sets("$avp(trail)", f"{KSR.pv.gete('$avp(trail)')}{number}")
    return out


def _flags_in_reply() -> Any:
    out = _flag_pass(3)
    return [*out, KSR.pv.get("$T_branch_idx"), KSR.pv.get("$T_reply_code"), KSR.pv.get("$rs"), KSR.pv.get("$rm")]


def _flags_in_failure() -> Any:
    out = _flag_pass(4)
    timeout, canceled = KSR.tm.t_any_timeout(), KSR.tm.t_is_canceled()
    return [*out, timeout, canceled, KSR.pv.get("$T_reply_code"), KSR.tm.t_get_status_code(), KSR.pv.get("$rm")]


def _drop_first() -> Any:
    index = KSR.pv.get("$T_branch_idx")
    if KSR.pv.get("$rU") == "leg0":
        KSR.set_drop()
    return [index, KSR.pv.get("$ru"), KSR.tm.t_get_branch_index()]


def _neutral_to() -> Any:
    KSR.hdr.remove("To")
    KSR.hdr.append("To: <sip:neutral@h>\r\n")
    return [KSR.textopsx.msg_apply_changes(), KSR.pv.get("$tU"), KSR.hdr.get("To")]


def _stripped_reply() -> None:
    for name in ("From", "To", "Call-ID", "Contact"):
        KSR.hdr.remove(name)


def _restored_reply() -> Any:
    KSR.hdr.append("From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: mine\r\n")
    return [KSR.textopsx.change_reply_status(KSR.pv.get("$rs"), "Standard"), KSR.pv.get("$rs"), KSR.pv.get("$rr")]


def _drop_held() -> None:
    if KSR.tm.t_check_trans() > 0:
        KSR.set_drop()


def _tables() -> Any:
    table, out = KSR.htable, []
    out += [table.sht_get("limits", "no"), table.sht_inc("limits", "a"), table.sht_inc("limits", "a")]
    out += [table.sht_dec("limits", "a"), table.sht_dec("limits", "b"), table.sht_get("limits", "a")]
    out += [table.sht_seti("limits", "a", 7), table.sht_inc("limits", "a"), table.sht_rm("limits", "a")]
    out += [table.sht_rm("limits", "a"), table.sht_get("limits", "a"), table.sht_rm("limits", "b")]
    out += [table.sht_get("open", "no"), table.sht_sets("open", "c", "h1 0=g1"), table.sht_get("open", "c")]
    out += [table.sht_lock("open", "c"), table.sht_sets("open", "c", "h1 0=g1 1=g1 2=g1"), table.sht_get("open", "c")]
    out += [table.sht_unlock("open", "c"), table.sht_inc("open", "c"), table.sht_inc("open", "no")]
    return [*out, table.sht_rm("open", "c"), table.sht_get("open", "c")]


def _status_changes() -> Any:
    change = KSR.textopsx.change_reply_status
    return [change(486, "Busy"), change(99, "x"), change(180, ""), change(180, "Ringing"), KSR.pv.get("$rs")]


def _deeper_vias() -> Any:
    return at("Via", lambda: KSR.textopsx.hf_iterator_append("i", "X-Behind-Via: 1\r\n"))


def _only(code: int, act: Body) -> Body:
    return lambda: act() if KSR.pv.get("$rs") == code else None


def _iterate_and_change() -> Any:
    out = [at("X-One", lambda: KSR.textopsx.hf_iterator_rm("i"))]
    out.append(at("X-Two", lambda: KSR.textopsx.hf_iterator_append("i", "X-Behind: 1\r\n")))
    out.append(at("X-Three", lambda: KSR.textopsx.hf_iterator_insert("i", "X-Before: 1\r\n")))
    KSR.hdr.append("X-Last: 1\r\n")
    KSR.hdr.append("X-Very-Last: 1\r\n")
    KSR.hdr.append_after("X-After-Two: 1\r\n", "X-Two")
    KSR.hdr.remove("X-Three")
    return out


def _no_body() -> Any:
    return [KSR.hdr.remove("Content-Type"), KSR.textopsx.remove_body()]


def _too_many() -> Any:
    return [KSR.corex.append_branch_uri(f"sip:m{i}@127.0.0.1:9") for i in range(31)]


def _canceled_reply() -> Any:
    return [KSR.tm.t_is_canceled(), KSR.tm.t_check_trans()]


def _reply_480() -> Any:
    out = _flags_in_failure()
    KSR.hdr.append_to_reply(header(out))
    return [KSR.tm.t_reply(480, "Temporarily Unavailable"), KSR.tm.t_reply(481, "Again")]


CASES: Final[dict[str, Case]] = {
    "core types": Case(_core_types),
    "header types": Case(_header_types),
    "variables": Case(_variables),
    "bad calls": Case(_bad_calls),
    "tables": Case(_tables),
    "walk": Case(walk),
    "five iterators": Case(_five_iterators),
    "max forwards": Case(lambda: [KSR.maxfwd.process_maxfwd(70), KSR.hdr.get("Max-Forwards")]),
    "max forwards relayed": Case(lambda: KSR.maxfwd.process_maxfwd(70), legs=1),
    "plain fork": Case(legs=3),
    "masked legs": Case(branch=_masked, legs=3),
    "removed twice": Case(lambda: KSR.hdr.remove("From"), branch=_masked, legs=2),
    "iterate and change": Case(_iterate_and_change, legs=1),
    "deeper vias": Case(_deeper_vias, legs=1),
    "a list cut": Case(lambda: [KSR.textops.subst_hf(name, "/,.*//s", "f") for name in ("X-List", "X-No")], legs=1),
    "flags": Case(lambda: _flag_pass(1), lambda: _flag_pass(2), lambda: _flag_pass(5), _flags_in_reply, _reply_480, 2),
    "drop first": Case(branch=_drop_first, legs=3),
    "drop all": Case(branch=lambda: KSR.set_drop(), legs=2),  # noqa: PLW0108 (KSR is looked up when it runs)
    "drop 180": Case(reply=_only(180, lambda: KSR.set_drop()), legs=2),  # noqa: PLW0108
    "180 as 100": Case(reply=_only(180, lambda: KSR.textopsx.change_reply_status(100, "Trying")), legs=2),
    "200 as 500": Case(reply=_only(200, lambda: [KSR.textopsx.change_reply_status(500, "No")]), legs=2),
    "answer a stray": Case(core_reply=_only(200, datagrams)),
    "hang up a stray": Case(core_reply=_only(200, own_bye)),
    "drop final": Case(reply=_only(200, lambda: KSR.set_drop()), legs=1),  # noqa: PLW0108
    "core drop held": Case(core_reply=_drop_held, legs=1),
    "core drop": Case(core_reply=lambda: KSR.set_drop(), legs=1),  # noqa: PLW0108
    "fails over": Case(
        branch=hunting.marked, reply=hunting.noted, failure=hunting.gives_up, branch_failure=hunting.goes_on, legs=2
    ),
    "six hundred": Case(lambda: KSR.tm.t_set_disable_6xx(1), legs=2),
    "status": Case(reply=_status_changes, legs=1),
    "restored reply": Case(core_reply=_stripped_reply, reply=_restored_reply, legs=2),
    "new body": Case(lambda: KSR.textops.set_body("v=0\r\n", "application/sdp"), legs=1),
    "new reply body": Case(reply=lambda: KSR.textops.set_body("v=1\r\n", "application/sdp"), legs=1),
    "no body": Case(_no_body, legs=1),
    "no reply body": Case(reply=_no_body, legs=1),
    "neutral to": Case(early=_neutral_to, legs=1),
    "too many": Case(_too_many),
    "canceled": Case(reply=_canceled_reply, failure=_reply_480, legs=2),
    "timeout": Case(lambda: KSR.tm.t_set_fr(600, 400), failure=_reply_480, legs=2),
}
