"""What comes from outside, made harmless."""
