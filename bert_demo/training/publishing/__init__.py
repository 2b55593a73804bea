"""Finished models and their cards."""
