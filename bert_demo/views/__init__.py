"""A result in, a plotly Figure or a piece of HTML out. This room sees only `results`."""
