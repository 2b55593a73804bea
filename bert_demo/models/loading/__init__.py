"""From a name to a model: download, validate, load."""
