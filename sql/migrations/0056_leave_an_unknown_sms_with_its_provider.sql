-- why:      an SMS of unknown fate that is queued again, by a person or by its sender's late answer, went back to its tenant's first
--           provider, also where the second was the one that may have it. It stays where it was.
-- when:     after 0045; senders of this version need not wait for it.
-- locks:    ACCESS EXCLUSIVE on notification for a moment.
-- requires: 0045_let_a_tenant_say_when_an_sms_is_too_old.

drop trigger notification_is_routed_again on notification;
create trigger notification_is_routed_again before update of state on notification
    for each row when (new.state = 'queued' and old.state in ('failed', 'expired')) execute function route_notification();
