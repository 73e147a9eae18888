-- why:      a provider says yes and no in its own words. Its row says what they mean, so that a new one needs no code; three
--           companies have drivers of their own. And each attempt says what became of it: taken, refused, or nobody knows.
-- when:     after 0030, before the senders of this version start: they read and write the columns. Older ones go on.
-- locks:    ACCESS EXCLUSIVE on sms_provider and notification_attempt, for a moment: no row is rewritten; sms_provider, a few
--           rows, is read for its new checks.
-- requires: 0006_create_notification.

alter table sms_provider
    drop constraint sms_provider_driver_is_known,
    add constraint sms_provider_driver_is_known check (driver in ('http', 'esms', 'speedsms', 'twilio')),
    add column sender text
        constraint sms_provider_sender_is_1_to_34_printable_characters check (sender ~ '^[[:print:]]{1,34}$'),
    add column credentials jsonb not null default '{}'
        constraint sms_provider_credentials_are_references check (
            jsonb_typeof(credentials) = 'object'
            and not jsonb_path_exists(
                credentials, '$.* ? (!(@ like_regex "^\\$\\{(env:[A-Za-z_][A-Za-z0-9_]*|file:[A-Za-z0-9_][A-Za-z0-9_.-]*)\\}$"))'
            )
            and not jsonb_path_exists(credentials, '$.* ? (@.type() != "string")')
        ),
    add column options jsonb not null default '{}'
        constraint sms_provider_options_are_texts_by_name check (
            jsonb_typeof(options) = 'object'
            and not jsonb_path_exists(options, '$.* ? (@.type() != "string")')
        );
comment on column sms_provider.driver is 'The program part that speaks to it: http (any provider, by its row), esms, speedsms, twilio.';
comment on column sms_provider.sender is
    'The sender''s name or number as registered with the provider; empty: the tenant''s brand.';
comment on column sms_provider.credentials is
    'What the drivers esms, speedsms and twilio log in with, {"name": "reference"} (sms/README.md). Only references: ${env:NAME}, a variable of the sender''s environment, or ${file:NAME}, a file in its SECRETS_DIR. Never the secret itself.';
comment on column sms_provider.options is 'What else these drivers may be told, {"name": "value"} (sms/README.md).';
comment on column sms_provider.headers is
    'Header fields of the request, {"name": "value"}. A secret is written ${env:NAME} or ${file:NAME} and read by the sender; never store it here.';
comment on column sms_provider.body_template is
    'The request''s body with fields to fill in: {to} national, {to_international} with its country and no +, {to_e164}, {text}, {sender}, {notification_id}, {request_id}. Also takes ${env:NAME} and ${file:NAME}.';

create table sms_reply_rule (
    provider_id bigint not null
        constraint sms_reply_rule_has_a_provider_that_exists references sms_provider on delete cascade,
    position integer not null,
    http_status integer
        constraint sms_reply_rule_http_status_is_200_to_599 check (http_status between 200 and 599),
    pattern text,
    means text not null
        constraint sms_reply_rule_means_something_known check (means in ('accepted', 'again', 'failed', 'unknown')),
    reason text not null
        constraint sms_reply_rule_reason_is_not_blank check (reason ~ '\S'),
    constraint sms_reply_rule_is_one_per_position primary key (provider_id, position),
    constraint sms_reply_rule_looks_at_something check (http_status is not null or pattern is not null)
);
comment on table sms_reply_rule is
    'What a reply of a provider of the driver http means. The first rule that fits decides; where none does, success_pattern and the HTTP status.';
comment on column sms_reply_rule.provider_id is 'Whose reply: sms_provider.id.';
comment on column sms_reply_rule.position is 'Rules are tried in this order.';
comment on column sms_reply_rule.http_status is 'Fits replies with this HTTP status; empty: with any.';
comment on column sms_reply_rule.pattern is 'Fits replies whose body matches this regular expression (Python''s re.search); empty: any body.';
comment on column sms_reply_rule.means is
    'accepted: taken; again: not taken, to be tried again; failed: never will be; unknown: nobody knows whether it was taken.';
comment on column sms_reply_rule.reason is 'Why, in words for people: what notification.last_error will say.';

alter table notification_attempt
    add column fate text
        constraint notification_attempt_fate_is_known check (fate in ('accepted', 'refused', 'unknown'));
comment on column notification_attempt.fate is
    'accepted: the provider took it; refused: it did not; unknown: the request left, and no answer that says so came back. Empty: under way, its sender died, or an older version''s.';
comment on column notification_attempt.reply is 'What the provider answered, without telephone numbers and the secrets of the request.';
