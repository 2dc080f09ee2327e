"""The data gate: the schema in force, and what a run does where the data breaks it."""
