from hypothesis import settings

# Speed lives in benchmarks/: a first call that compiles a kernel must not fail a test.
settings.register_profile("dedup", deadline=None, print_blob=True)
settings.load_profile("dedup")
