"""The bounded look at a file before it is parsed: which kind it is, and if it may be opened."""
