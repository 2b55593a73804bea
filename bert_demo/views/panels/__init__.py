"""Results as HTML."""
