"""From a COMMIT to a worker that reads it."""
