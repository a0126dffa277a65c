"""Package of the management commands: `manage.py NAME`."""
