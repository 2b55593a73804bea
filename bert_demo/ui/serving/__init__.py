"""How the page is served: who is let in, how long it may take, what is measured and what is logged."""
