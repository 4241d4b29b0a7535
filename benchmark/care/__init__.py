"""Looking at data before they are scored: what they are made of, and what leaks."""
