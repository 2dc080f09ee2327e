"""The judgement of the data: every split against the schema, and what else a reviewer would look for."""
