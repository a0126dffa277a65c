"""List of a person's conversations in the sidebar; pinning, archiving and deleting them."""
