"""`make bench-config`: the compiler and the routing table from 1000 to a million hotlines (kemi/decisions/0019)."""
