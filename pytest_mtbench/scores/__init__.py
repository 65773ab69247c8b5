"""Decides, pure: scores, gates, comparisons."""
