"""MT-Bench itself, pure: what is sent, and what a reply means."""
