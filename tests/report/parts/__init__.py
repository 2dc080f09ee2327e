"""Parts of made-up reports, whose figures NumPy and scikit-learn computed from random rows."""
