"""Publishing a model: staged copy, check in a fresh process, numbered version, rollback."""
