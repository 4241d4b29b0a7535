"""Comparing models by their results: whose they are, what pairs, and what the whole of it says."""
