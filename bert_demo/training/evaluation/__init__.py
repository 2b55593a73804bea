"""How good a model is: one file for each kind of question, every figure with its interval."""
