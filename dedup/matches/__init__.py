"""Sketches → candidate pairs → verified pairs → clusters."""

from dedup.cache import ensure_cache

ensure_cache()
