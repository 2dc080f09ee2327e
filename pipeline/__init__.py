"""The wiring and the user's surface: configuration, graph, runner, command line."""
