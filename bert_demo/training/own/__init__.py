"""A model on a visitor's own rows, in a process of its own: `python -m bert_demo.training.own`."""
