"""Families of texts that were filled into one template → the template, its slots, and the value in each."""

from dedup.cache import ensure_cache

ensure_cache()
