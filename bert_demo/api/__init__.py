"""The endpoints: JSON in, JSON out."""
