"""What every HTTP edge shares: who is asking, how often, and how a file comes in."""
