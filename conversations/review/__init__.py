"""Review: people with the permission `review_conversation` read conversations of others. Each
reading, and each change of who may read, is recorded in the access log (ReviewAccess)."""
