"""Whether the two heads gain from sharing one network, and what one network costs against two."""
