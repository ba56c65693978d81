"""Passwords hashed in no time: people sign in in most tests, and a hash is made to be slow. A
Printdesk that a test starts has the product's own."""

from argon2 import PasswordHasher

from services.people import accounts

PRODUCT_HASHER = accounts._hasher


def hash_quickly() -> None:
    accounts._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
