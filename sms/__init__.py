"""The SMS side: claims notifications from PostgreSQL and hands them to providers. Meets `kemi` only in SQL."""
