#!/bin/sh
# Writes a backup of today into a folder and deletes those of more than 14 days ago, as the account
# of the site:
#
#   sh /opt/chatsite/current/docs/backup.sh /var/backups/chatsite [DAYS]
set -eu

folder=$1
days=${2:-14}
release=$(dirname "$(dirname "$(readlink -f "$0")")")

"$release/.venv/bin/python" "$release/manage.py" backup "$folder/$(date -u +%Y-%m-%dT%H%M%SZ).backup"
find "$folder" -maxdepth 1 -type f -name '*.backup*' -mtime "+$days" -delete
