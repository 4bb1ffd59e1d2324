"""Token codes → prints, and groups of equal ones: where texts may hold the same passage."""
