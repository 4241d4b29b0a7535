"""Kinds of tasks: one module each, with its tables, options, and read, plan, evaluate, check."""
