"""Static files: the middleware that serves them, each whole, on the event loop."""

import warnings

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpResponse
from servestatic.middleware import ServeStaticMiddleware


class StaticFiles(ServeStaticMiddleware):
    """ServeStatic's middleware, but it reads and sends each file at once, on the event loop.

    ServeStatic starts a thread for each file and changes to it and back to open, to read twice and
    to close: 3 ms, and a page needs six files before it can be painted. The files are small and in
    the page cache of the system, where reading takes less time than one change of thread.
    """

    def __init__(self, *arguments):
        with warnings.catch_warnings():
            # The site says by itself that there is no folder yet (conversations/readiness.py).
            warnings.filterwarnings("ignore", message="No directory at")
            super().__init__(*arguments)

    @staticmethod
    def get_static_url(name):
        """Return the URL of the static file `name`; None if this release has no such file.
        ServeStatic uses it to find the files that never change, which browsers may cache for ever;
        files of earlier releases are served too."""
        if name not in getattr(staticfiles_storage, "hashed_files", (name,)):
            return None
        return ServeStaticMiddleware.get_static_url(name)

    @staticmethod
    async def aserve(static_file, request):
        """Return the HttpResponse with the whole `static_file` for a Django `request`."""
        answer = static_file.get_response(request.method, request.META)
        response = HttpResponse(status=int(answer.status), content_type="")
        del response.headers["Content-Type"]
        for name, value in answer.headers:
            response.headers[name] = value
        if answer.file:
            with answer.file as file:
                response.content = file.read()
        return response
