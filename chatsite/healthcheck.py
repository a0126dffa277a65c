"""Health check of a server on this machine, for containers: a program without curl.

python -m chatsite.healthcheck    exits with status 0 if `/healthz` answers 200 within four seconds;
                                  else with 1 and a sentence that says why

It asks the first address of BIND, at PORT unless BIND names one, both from the environment alone. A
process that is up but has no database answers 200 (`/readyz` would not): whoever restarted it then
would lose the replies that it keeps in memory until the database is back.
"""

import http.client
import os
import sys

from chatsite.listen_address import listen_addresses, reachable_from_here

SECONDS = 4


def problem(environment=os.environ, seconds=SECONDS):
    """Return a sentence that says what is wrong with the server that BIND and PORT in
    `environment`, a dict, name; "" if it is healthy. It has `seconds` for its answer."""
    bind, port = environment.get("BIND") or "127.0.0.1", environment.get("PORT") or "8000"
    try:
        host, port = reachable_from_here(listen_addresses(bind, int(port))[0])
    except ValueError as error:
        return f"BIND or PORT cannot be used: {error}."
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"Nothing answers at {host}, port {port}: {error or type(error).__name__}."
    finally:
        connection.close()
    return "" if status == http.client.OK else f"/healthz answers {status} in place of 200."


if __name__ == "__main__":
    sys.exit(problem() or 0)
