"""Asks, and knows no pytest."""
