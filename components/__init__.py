"""The work inside the steps; knows no runner and never imports `pipeline`."""
