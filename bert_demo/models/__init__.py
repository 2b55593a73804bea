"""Rooms where models live: see `base` for what a model must answer, `hub` for how it is loaded."""
