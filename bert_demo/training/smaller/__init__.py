"""Smaller models: `python -m bert_demo shrink`. What a way does to a model is exact; what it costs is measured."""
