"""`python -m bert_demo train`, `evaluate`, `heads`, `prune` and `shrink`: what each does with its arguments."""
