"""Door of experts."""
