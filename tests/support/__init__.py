"""Builders and slow references that the tests share."""
