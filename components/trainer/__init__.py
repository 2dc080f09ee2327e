"""The two-headed network: model, fitting, export."""
