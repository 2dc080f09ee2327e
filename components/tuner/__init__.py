"""Search for better settings of the network and of its training, with KerasTuner inside TFX's Tuner."""
