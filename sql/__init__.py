"""The database: migrations, named queries, seed."""
