"""What is kept for years: the registry of model files."""

from penstock.store.registry import ModelId, ModelRefError, Registry

__all__ = ["ModelId", "ModelRefError", "Registry"]
