"""One page that a person decides by, its numbers as JSON, and a model card; made from what the steps left."""
