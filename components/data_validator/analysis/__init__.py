"""What a validation looks for in values and counts, in NumPy: no TensorFlow, no artifacts."""
