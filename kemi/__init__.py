"""The edge: a hotline is called, its people's own telephones ring, and nobody learns who called."""
