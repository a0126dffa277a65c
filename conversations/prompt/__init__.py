"""Building of the request body for the gateway from stored messages."""
