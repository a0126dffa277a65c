"""Management commands of the app, one module for each: `manage.py NAME` runs the module NAME."""
