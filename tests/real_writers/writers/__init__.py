"""One module per writer, run in the environment that has it: `python -m tests.real_writers.writers.NAME SOURCE OUT`."""
