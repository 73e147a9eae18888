"""Everything around the edge: its settings, its private database, the supervised stack, the demo."""
