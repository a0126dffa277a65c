"""Making a release: its archive, lists of packages and licences, hashes and tag."""
