"""The schema in force: a reviewed one, or what the train split says, made fit for training and serving."""
