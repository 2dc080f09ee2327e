"""Which split a row belongs to, and how a row is known again."""
