"""The name of one start of the edge, `<node>-<boot8>-<start µs>`, and what it tells."""


def boot_of(instance: str) -> str:
    """Return `<node>-<boot8>`: among events of one boot, monotonic clocks may be compared."""
    return instance.rpartition("-")[0]


def node_of(instance: str) -> str:
    """Return the node."""
    return boot_of(instance).rpartition("-")[0]
