"""The configuration: its sections, their defaults, and how file, flags and `--set` become one."""
