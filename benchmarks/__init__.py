"""Every figure that the README quotes, each as a ratio against a peer in the same run."""
