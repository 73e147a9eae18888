-- Receipts (sms/receipts/).

-- name: take
select receipt, effect, notification, state
from take_receipt(%(provider)s, %(reference)s, %(request_id)s, %(status)s, %(reason)s, %(raw)s)
