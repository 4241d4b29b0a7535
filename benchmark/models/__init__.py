"""Model adapters: one module a scheme, found through one table."""

from __future__ import annotations

from benchmark.models.table import load_model as load_model

__all__ = ["load_model"]
