"""Alembic migrations of the ledger, for SQLite and PostgreSQL alike."""
