"""Where work is done besides this process: Beam's runners and the container image."""
