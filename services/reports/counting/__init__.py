"""The figures, each subject in one module: PostgreSQL counts."""
