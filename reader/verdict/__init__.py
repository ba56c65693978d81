"""What the facts of a model mean: units, fits, estimates, warnings. Plain Python."""
