"""gunicorn's own log as JSON (LOG_JSON)."""

from gunicorn.glogging import Logger
from pythonjsonlogger.json import JsonFormatter


class JsonLogger(Logger):
    """gunicorn's logger with each line a JSON object.

    A `logconfig_dict` would do that too, and switch the access log on, whose lines hold whole
    addresses: words that were searched for, links that reset a password.
    """

    def setup(self, cfg):
        super().setup(cfg)
        form = JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")
        for handler in self.error_log.handlers:
            handler.setFormatter(form)
