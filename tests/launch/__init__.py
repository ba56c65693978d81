"""The supervisor, and what it starts."""
