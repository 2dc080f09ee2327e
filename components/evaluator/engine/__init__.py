"""The evaluation as a Beam job, where the eval split may be more than one machine holds."""
