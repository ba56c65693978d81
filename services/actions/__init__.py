"""Actions on jobs and on people: one row for each, and the functions that perform them."""
