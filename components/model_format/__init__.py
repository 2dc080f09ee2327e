"""What a serving model says of itself, for the step that writes it and those that read it."""
