"""What a call costs: CPU of the edge under load by SIPp, beside a hand-written native script on the same machine."""
