"""Matching kernels: a book of price-time priority per venue, on flat arrays, and their tools."""
