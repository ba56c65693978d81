"""Dash callbacks, one module per page; `register` makes Dash know them all."""

from importlib import import_module

MODULES = ("dialog", "mail", "people", "preview", "queue", "reports", "shell")


def register() -> None:
    """To be called once the Dash application exists: a module's callbacks are noted when it is
    imported."""
    for name in MODULES:
        import_module(f"callbacks.{name}")
