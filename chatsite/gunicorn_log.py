"""gunicorn's own log as JSON (setting LOG_JSON)."""

from gunicorn.glogging import Logger
from pythonjsonlogger.json import JsonFormatter


class JsonLogger(Logger):
    """gunicorn's Logger, with each line of its error log a JSON object.

    A `logconfig_dict` would do that too, but switch on gunicorn's access log, whose lines hold
    whole addresses: words that were searched for, links that reset a password.
    """

    def setup(self, cfg):
        """Configure the log by gunicorn's settings `cfg`, then have it written as JSON."""
        super().setup(cfg)
        form = JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")
        for handler in self.error_log.handlers:
            handler.setFormatter(form)
