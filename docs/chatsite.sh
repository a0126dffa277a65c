#!/bin/sh
# /usr/local/bin/chatsite: `chatsite COMMAND …` runs manage.py of the site, as its account.
exec runuser -u chatsite -- /opt/chatsite/current/.venv/bin/python /opt/chatsite/current/manage.py "$@"
