"""Pictures and what they are made from."""
