"""Foreign files in: whatever an analyst has, read into the engine as it is written, guessing nothing."""
