"""What people can do: one row for each action on jobs and on people, and what performs it."""
