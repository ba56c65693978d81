"""Dash callbacks, one module per page; importing this package registers them all."""

from callbacks import dialog, mail, queue

__all__ = ["dialog", "mail", "queue"]
