"""What a container of the compiled pipeline runs."""
