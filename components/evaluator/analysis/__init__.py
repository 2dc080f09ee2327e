"""The figures of an evaluation and its verdict, in NumPy: no TensorFlow, no artifacts."""
