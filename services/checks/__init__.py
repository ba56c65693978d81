"""The results of the reader for jobs: model checks, pictures, previews, sliced files."""
