"""finops_toolkit."""
