"""The command `mtl`: its verbs and their options."""
