"""Scores and gates in words and files for people and programs."""
