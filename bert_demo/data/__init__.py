"""What is read from files: labelled rows, sentence pairs, treebanks."""
