"""The storage: job folders, uploads, sliced files, and the integrity audit."""
