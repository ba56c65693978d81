"""Alembic's entry: the models' metadata, and the database of the settings."""

from alembic import context

from models import Base
from services import work


def run() -> None:
    with work.engine().connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()


run()
