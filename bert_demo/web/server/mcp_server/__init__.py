"""The endpoints as tools of the Model Context Protocol: a tool for each row, its calls, and the way they come in."""
