"""Pages as they were scraped → their lines, the boilerplate among them, the pieces they hold."""

from dedup.cache import ensure_cache

ensure_cache()
