"""Token codes → shingle sets → sketches."""

from dedup.cache import ensure_cache

ensure_cache()
