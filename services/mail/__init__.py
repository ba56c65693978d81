"""The outbox, its delivery, and the letters."""
