"""The parts that a two-headed network is put together from."""
