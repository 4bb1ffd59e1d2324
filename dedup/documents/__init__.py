"""Files → documents → token codes."""

from dedup.cache import ensure_cache

ensure_cache()
