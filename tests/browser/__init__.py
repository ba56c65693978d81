"""Whole flows in Chromium, by role and visible name."""
