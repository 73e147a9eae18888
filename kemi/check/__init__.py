"""The configuration check: what would ring, what would not, and why, by the code that routes the call."""
