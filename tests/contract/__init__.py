"""The same scenarios on the fake and on a real Kamailio."""
