"""A class of two hundred at once, and a server that has more to do than it can."""
