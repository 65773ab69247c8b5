"""What lies on disk, read and written; every error with file and line."""
