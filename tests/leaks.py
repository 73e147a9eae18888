"""The leak check of the tests is the product's own auditor."""

from kemi.audit import Finding, Sides, find_leaks

__all__ = ["Finding", "Sides", "find_leaks"]
