"""The bundled models: how each is made and measured, and the card that says so."""
