"""How fast it is, against what a user would do otherwise: `make bench`."""
