"""Runs the migrations in the transaction that `noria.adapters.database` has begun: all of them, or none."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
