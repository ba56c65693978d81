"""What students do without an account: submit a model, follow it, confirm its price."""
