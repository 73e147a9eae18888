"""Without a stack: the pure core, and the adapters on fakes."""
