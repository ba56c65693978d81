"""Dash callbacks, one module per page; `register` registers them all with Dash."""

from importlib import import_module

MODULES = ("dialog", "mail", "people", "preview", "queue", "reports", "shell")


def register() -> None:
    """Call this once the Dash application exists: importing a module registers its callbacks."""
    for name in MODULES:
        import_module(f"callbacks.{name}")
