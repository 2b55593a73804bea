"""ferret and transformers-interpret beside this project, each in its own environment."""
