"""The service: validate, resolve, cache, ask the task."""
