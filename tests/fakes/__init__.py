"""A Kamailio made of Python: the `KSR` of the tests (kemi/decisions/0008-fake-ksr.md)."""
