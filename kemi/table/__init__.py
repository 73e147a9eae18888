"""The routing table: compiled from SQL rows, kept in one mapped file, read by every SIP worker."""
