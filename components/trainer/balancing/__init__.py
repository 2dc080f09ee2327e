"""Loss balancing: how two losses share one network (`training.balancing`, `components.trainer.choices.BALANCERS`)."""
