"""One job: its row, its place in the queue, and what people may do to it."""
