"""What the verbs of `mtl` do, one module for each."""
