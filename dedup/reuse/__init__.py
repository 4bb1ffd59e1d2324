"""Token codes → passages: runs of text that stand in several places, of several documents or of one."""

from dedup.cache import ensure_cache

ensure_cache()
