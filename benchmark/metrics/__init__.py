"""Metrics: arrays in, a float (or one value per example) out; nothing is imported from here."""
