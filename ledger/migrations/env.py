"""Run the migrations on the connection of `Database.migrate`, inside its one transaction."""

from alembic import context

from ledger import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
