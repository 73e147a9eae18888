"""The long random walk: generated calls against the real edge, every message of them audited (`make audit`)."""
