"""SIPp scenarios: a folder each, with what is given, what is played and what must be seen."""
