"""Matches → why: labels, the rule that gave each, and the differing parts side by side."""

from dedup.cache import ensure_cache

ensure_cache()
