"""The model now in production, as an artifact."""
