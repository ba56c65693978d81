"""The lab's staff: accounts, roles, sign-in, sessions and tokens."""
