"""The steps, oldest first; none is changed once a release has gone out with it."""
