"""Copies of a model that differ in one thing and share its weights."""
