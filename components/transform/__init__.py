"""Raw columns to the tensors the network reads."""
