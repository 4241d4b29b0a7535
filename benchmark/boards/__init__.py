"""Leaderboards: result files in, tables out."""
