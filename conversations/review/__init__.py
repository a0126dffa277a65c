"""The review: how people with the permission read conversations of others, and how each reading
and each change of who may read is recorded in the access log."""
