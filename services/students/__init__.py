"""What students do without an account: submit a model, track the job, confirm its price."""
