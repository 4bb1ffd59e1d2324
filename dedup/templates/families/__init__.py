"""Representatives of copies → families: texts that may have been filled into one template."""

from dedup.templates.families.find import Families, find_families

__all__ = ["Families", "find_families"]
