"""The tests mirror the tree. `conftest.py` says what they run against."""
