"""The package of management commands: `manage.py NAME`."""
