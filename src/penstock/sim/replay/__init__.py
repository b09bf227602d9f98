"""A recorded day as background flow: from a consolidated tape to a script for the venues."""
