-- why:      a provider may be down, out of money, or have no way to a member (no Zalo account): another one may have. And one
--           that drops a repeated text has its own word in sms_reply_rule.
-- when:     after 0041, before the senders of this version start: they go by notification.provider_id. Older ones go on.
-- locks:    ACCESS EXCLUSIVE on tenant, sms_provider, sms_reply_rule and notification for a moment. notification is read for its
--           new check and index, what is queued is written: 0.3 s a million rows; senders and the ledger wait, calls do not.
-- requires: 0041_let_an_unknown_fate_stand.

alter table tenant
    add column sms_fallback_provider_id bigint
        constraint tenant_has_a_fallback_provider_that_exists references sms_provider,
    add constraint tenant_falls_back_to_another_provider check (
        sms_fallback_provider_id is null or sms_provider_id is not null and sms_fallback_provider_id <> sms_provider_id
    );
comment on column tenant.sms_fallback_provider_id is
    'Who sends an SMS that sms_provider_id cannot: it is disabled, has no way to the member (sms_reply_rule.means = elsewhere), or has not taken it sms_provider.failover_tries times. Never one that the first may have taken, unless its on_unknown is retry. Empty: nobody.';

alter table sms_provider
    add column failover_tries integer not null default 3
        constraint sms_provider_failover_tries_is_1_to_100 check (failover_tries between 1 and 100);
comment on column sms_provider.failover_tries is
    'After so many tries that did not work an SMS goes to the tenant''s sms_fallback_provider_id, if there is one.';

alter table sms_reply_rule
    drop constraint sms_reply_rule_means_something_known,
    add constraint sms_reply_rule_means_something_known check (means in (
        'accepted', 'again', 'failed', 'unknown', 'down', 'busy', 'balance', 'elsewhere', 'suppressed'
    ));
comment on column sms_reply_rule.means is
    'accepted: taken; again: not taken, to be tried again; failed: never will be; unknown: nobody knows whether it was taken; down: the provider itself does not work; busy: it was asked too often; balance: the account is empty; elsewhere: not by this way, perhaps by another provider; suppressed: dropped as a repetition of the same text.';

alter table notification
    add column provider_id bigint,
    add column fallback_provider_id bigint,
    add column tries integer not null default 0
        constraint notification_tries_is_not_negative check (tries >= 0);
comment on column notification.provider_id is
    'Who is to send it, sms_provider.id: the tenant''s sms_provider_id when it was queued, later perhaps the fallback; follows the tenant''s row while it is queued.';
comment on column notification.fallback_provider_id is
    'Who sends it where provider_id cannot, sms_provider.id; empty: nobody, or it has come to that already.';
comment on column notification.tries is 'How many tries of provider_id did not work; the next wait grows with it.';

update notification n
set provider_id = t.sms_provider_id
from tenant t
where t.id = n.tenant_id and n.state in ('queued', 'sending');

drop index notification_queued;
-- what a provider is to send now (sms.sql: claim_queued)
create index notification_queued on notification (provider_id, next_attempt_at) where state = 'queued';

create function route_notification() returns trigger
    language plpgsql
as $$
begin
    select sms_provider_id, sms_fallback_provider_id into new.provider_id, new.fallback_provider_id
    from tenant where id = new.tenant_id;
    new.tries := 0;
    return new;
end
$$;
comment on function route_notification() is
    'Trigger: what is queued, at first or again by an operator, goes to the provider that its tenant has now.';
create trigger notification_is_routed before insert on notification
    for each row when (new.state = 'queued') execute function route_notification();
create trigger notification_is_routed_again before update of state on notification
    for each row when (new.state = 'queued' and old.state not in ('queued', 'sending')) execute function route_notification();

create function note_sms_route() returns trigger
    language plpgsql
as $$
begin
    notify sms_route;
    return null;
end
$$;
comment on function note_sms_route() is 'Trigger: tells the senders that a tenant has other SMS providers now.';
create trigger note_sms_route after update of sms_provider_id, sms_fallback_provider_id on tenant
    for each statement execute function note_sms_route();
