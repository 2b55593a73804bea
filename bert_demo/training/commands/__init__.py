"""`python -m bert_demo train`, `evaluate`, `heads` and `prune`: what each does with its arguments."""
