"""The lab's people: who may sign in, with what, and as whom."""
