"""How a feedback log of an older release becomes one of this release: one file a step."""
