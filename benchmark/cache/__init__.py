"""Vectors kept between runs: a store for each model, role and prompt, and its upkeep."""

from __future__ import annotations

from benchmark.cache.store import VectorStore as VectorStore
from benchmark.cache.store import default_folder as default_folder
from benchmark.cache.store import open_store as open_store
from benchmark.cache.store import text_keys as text_keys

__all__ = ["VectorStore", "default_folder", "open_store", "text_keys"]
