"""The storage: job folders, uploads on their way, slicers' files, and the audit of it all."""
