"""Jobs: the row of a job, the queue, locks, prices and editing."""
