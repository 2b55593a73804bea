"""Tables that are read before torch is."""
