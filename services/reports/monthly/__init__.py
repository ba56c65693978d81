"""The monthly summary by mail, and its charts as pictures."""
