"""Dash callbacks, one module per page; importing this package registers them all."""

from callbacks import dialog, mail, people, preview, queue, reports, shell

__all__ = ["dialog", "mail", "people", "preview", "queue", "reports", "shell"]
