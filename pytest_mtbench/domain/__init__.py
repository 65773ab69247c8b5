"""What everything speaks of, as frozen dataclasses; the standard library alone."""
