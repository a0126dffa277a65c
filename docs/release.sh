#!/bin/sh
# Prepares the release that this file lies in, or has the site run it. As root:
#
#   sh /opt/chatsite/releases/1.1.0/docs/release.sh prepare    touches nothing that runs
#   sh /opt/chatsite/releases/1.1.0/docs/release.sh switch     migrates, then switches
#
# The same `switch` of the release before leads back to it.
set -eu

release=$(dirname "$(dirname "$(readlink -f "$0")")")
home=$(dirname "$(dirname "$release")")
settings=${CHATSITE_SETTINGS:-/etc/chatsite/env}
account=${CHATSITE_ACCOUNT:-chatsite}

manage() {
    runuser -u "$account" -- "$release/.venv/bin/python" "$release/manage.py" "$@"
}

case ${1:-} in
prepare)
    umask 022
    [ -e "$release/.venv" ] || python3 -m venv "$release/.venv"
    "$release/.venv/bin/python" -m pip install --quiet --no-deps --require-hashes \
        -r "$release/requirements.txt"
    if grep -q '^FILES_URL=s3:' "$settings"; then
        "$release/.venv/bin/python" -m pip install --quiet --no-deps --require-hashes \
            -r "$release/requirements-s3.txt"
    fi
    ln -sfn "$settings" "$release/.env"
    # For pages that people have open when the site switches: they ask for files of the release
    # before.
    if [ -d "$home/current/static" ] && [ ! -d "$release/static" ]; then
        cp -R --preserve=timestamps "$home/current/static" "$release/static"
    fi
    "$release/.venv/bin/python" "$release/manage.py" collectstatic --noinput --verbosity 0
    manage check --deploy
    echo "Prepared $release."
    ;;
switch)
    # Refuses, in a sentence, to run a release that is older than the database.
    manage migrate
    ln -s "releases/$(basename "$release")" "$home/next"
    mv -T "$home/next" "$home/current"
    if [ -d /run/systemd/system ] && systemctl is-active --quiet chatsite; then
        systemctl reload chatsite
    fi
    echo "The site runs $release."
    ;;
*)
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
